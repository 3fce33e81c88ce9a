"""The security log in the admin: every act there is in it, staff read and take it along, and nobody writes it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib import admin
from django.test import Client

from accounts import security_admin
from accounts.models import Plan, SecurityEvent, User, Wallet
from accounts.recorded_admin import RecordedAdmin
from accounts.security_admin import COLUMNS
from accounts.security_events import record

LIST = "/admin/accounts/securityevent/"
FOREIGN = {"account", "usersessions", "mfa", "allauth_idp_oidc", "auth", "sites", "knox"}


@async_to_sync
async def text(answer: Any) -> str:
    return b"".join([piece async for piece in answer.streaming_content]).decode()


def events() -> list[tuple[str, User | None, User | None, dict[str, Any]]]:
    return [(each.kind, each.who, each.whom, each.details) for each in SecurityEvent.objects.order_by("pk")]


def test_every_page_of_ours_records() -> None:
    silent = [
        f"{model._meta.label}: {type(shown).__name__}"
        for model, shown in admin.site._registry.items()
        if not isinstance(shown, RecordedAdmin) and model._meta.app_label not in FOREIGN
    ]
    assert silent == []


def test_what_is_added_changed_and_deleted_is_recorded(admin_client: Client, admin_user: User) -> None:
    plan = Plan.objects.create(name="Large")
    form = admin_client.get(f"/admin/accounts/plan/{plan.pk}/change/").context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields} | {"name": "Huge", "daily_credits": "7"}
    assert admin_client.post(f"/admin/accounts/plan/{plan.pk}/change/", data).status_code == 302
    admin_client.post(f"/admin/accounts/plan/{plan.pk}/delete/", {"post": "yes"})
    place = {"table": "accounts.plan", "row": str(plan.pk)}
    assert events() == [
        ("admin-changed", admin_user, None, {**place, "changed": ["Name", "Daily credits"]}),
        ("admin-deleted", admin_user, None, place),
    ]


def test_a_person_who_is_changed_is_whom_it_concerns(admin_client: Client, admin_user: User, alice: User) -> None:
    admin_client.post("/admin/accounts/user/", {"action": "give_credits", "_selected_action": [alice.pk]})
    admin_client.post(f"/admin/accounts/wallet/{alice.wallet.pk}/change/", {"top_up": "5"})
    admin_client.post("/admin/accounts/user/", {"action": "confirm_address", "_selected_action": [alice.pk]})
    told = [(kind, who, whom) for kind, who, whom, _ in events() if kind != "admin-changed"]
    assert told == [
        ("credits-given", admin_user, alice), ("credits-given", admin_user, alice),
        ("address-confirmed", admin_user, alice),
    ]  # fmt: skip
    assert Wallet.objects.get(user=alice).balance == 1105


def test_the_list_is_read_and_not_written(admin_client: Client, alice: User) -> None:
    record("shut-out", whom=alice, reason="spam")
    page = admin_client.get(LIST).text
    assert "shut-out" in page and "alice" in page and "export/csv/" in page
    event = SecurityEvent.objects.get()
    assert "spam" in admin_client.get(f"{LIST}{event.pk}/change/").text
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "shut-out" not in admin_client.get(LIST, {"kind": "signed-in"}).context["cl"].queryset.values_list(
        "kind", flat=True
    )


@pytest.mark.parametrize("rows_at_once", [1, 2, 500])
def test_it_is_taken_along_as_csv(
    admin_client: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr(security_admin, "ROWS_AT_ONCE", rows_at_once)
    for kind, who in (("signed-in", alice), ("signed-out", alice), ("signed-in", bob), ("=cmd()", bob)):
        record(kind, who=who, whom=who)
    answer = admin_client.get(f"{LIST}export/csv/", {"q": "alice"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8" and "no-store" in answer["Cache-Control"]
    [head, *rows] = csv.reader(io.StringIO(text(answer)))
    assert tuple(head) == COLUMNS
    assert [row[1:4] for row in rows] == [["signed-out", alice.code, "alice"], ["signed-in", alice.code, "alice"]]
    whole = text(admin_client.get(f"{LIST}export/csv/"))
    assert "'=cmd()" in whole and len(whole.splitlines()) == 1 + 4 + 2
    assert events()[-1][0] == "log-exported"


def test_it_is_taken_along_as_json_lines(admin_client: Client, admin_user: User, alice: User) -> None:
    record("token-made", who=alice, whom=alice, scopes=["read"])
    lines = text(admin_client.get(f"{LIST}export/jsonl/", {"kind": "token-made"})).splitlines()
    [row] = [json.loads(line) for line in lines]
    assert list(row) == list(COLUMNS) and row["details"] == {"scopes": ["read"]} and row["whom_name"] == "alice"
    assert events()[-1] == ("log-exported", admin_user, None, {"form": "jsonl", "filters": ["kind"]})
    assert admin_client.get(f"{LIST}export/xml/").status_code == 404


def test_bob_and_charlie_do_not_see_it(bobs: Client, charlies: Client) -> None:
    for client, status in ((bobs, 403), (charlies, 302)):
        assert [client.get(f"{LIST}{rest}").status_code for rest in ("", "export/csv/")] == [status, status]
