"""Suspending an account in the admin: what ends at once, what is told, and how its person comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.closing import reopen_due
from accounts.models import User
from accounts.refusals import Conflict, NotAllowed
from config.suspension import suspend_account
from gallery.models import Sanction
from generation.models import Job
from tests.conftest import PASSWORD, credits_of, join
from tests.platform.test_deletion import waiting

__all__ = ["waiting"]


@pytest.fixture
def olga(db: None) -> User:
    return join("olga", is_staff=True, is_superuser=True)


def page_of(person: User, name: str = "suspend") -> str:
    return f"/admin/accounts/user/{person.pk}/{name}/"


def test_it_works(alice: User, alices: Client, alices_api: APIClient, waiting: Job, olga: User, signed_in: Any) -> None:
    admin = signed_in(olga)
    assert "credits return" in admin.get(page_of(alice)).text
    assert admin.post(page_of(alice), {"reason": "Only adverts.", "days": "7"}).status_code == 302
    assert alices.get("/account/").status_code == 302
    assert alices_api.get("/api/v1/me").status_code == 401
    waiting.refresh_from_db()
    assert waiting.state == "cancelled" and credits_of(alice) == 1000
    assert "Only adverts." in mail.outbox[-1].body and "banned until" in mail.outbox[-1].body
    assert "Suspended until" in admin.get(f"/admin/accounts/user/{alice.pk}/history/").text
    call_command("audit_consistency")


def test_who_signs_in_reads_why_and_until_when(client: Client, alice: User, olga: User) -> None:
    suspend_account(olga, alice, "Only adverts.", timezone.now() + timedelta(days=7))
    wrong = client.post("/accounts/login/", {"login": "alice", "password": "guessed"})
    assert "Only adverts." not in wrong.text
    told = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD}, follow=True)
    assert "The reason: Only adverts." in told.text and "UTC" in told.text
    assert client.get("/account/").status_code == 302


def test_it_ends_by_itself(client: Client, alice: User, olga: User) -> None:
    suspend_account(olga, alice, "Adverts.", timezone.now() + timedelta(days=1))
    past = timezone.now() - timedelta(seconds=1)
    User.objects.filter(pk=alice.pk).update(shut_out_until=past)
    Sanction.objects.update(ends_at=past)
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert client.get("/account/").status_code == 200
    suspend_account(olga, alice, "Adverts again.", timezone.now() + timedelta(days=1))
    User.objects.filter(pk=alice.pk).update(shut_out_until=past)
    assert reopen_due() == 1
    alice.refresh_from_db()
    assert alice.is_active and alice.shut_out_reason == ""


def test_it_is_lifted_in_the_admin(alice: User, olga: User, signed_in: Any) -> None:
    suspend_account(olga, alice, "Adverts.", None)
    assert "None" not in mail.outbox[-1].body
    admin = signed_in(olga)
    admin.post(page_of(alice, "let-in"), {"words": "A mistake."})
    alice.refresh_from_db()
    assert alice.is_active and Sanction.objects.get().state == "lifted"
    assert admin.post(page_of(alice, "let-in"), {"words": "Again."}).status_code == 404


def test_who_may_not(alice: User, bob: User, olga: User, bobs: Client, alices: Client) -> None:
    with pytest.raises(NotAllowed):
        suspend_account(bob, alice, "Adverts.", None)
    with pytest.raises(NotAllowed):
        suspend_account(olga, olga, "Adverts.", None)
    for client in (bobs, alices):
        assert client.post(page_of(alice), {"reason": "Adverts.", "days": ""}).status_code in (302, 403)
    assert not Sanction.objects.exists()
    suspend_account(olga, alice, "Adverts.", None)
    with pytest.raises(Conflict):
        suspend_account(olga, alice, "Adverts.", None)


def test_a_refusal_stands_in_the_form(alice: User, olga: User, signed_in: Any) -> None:
    answer = signed_in(olga).post(page_of(olga), {"reason": "Me.", "days": ""})
    assert answer.status_code == 403 and "This is you" in answer.text
