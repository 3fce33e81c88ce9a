"""The security log: who did what to whom, from where; and that nothing of it is changed or lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.utils import timezone

from accounts.closing import close_account, close_for_now, let_back_in, shut_out, take_back
from accounts.models import ApiToken, SecurityEvent, SecurityLogMaintenance, User
from accounts.security_events import history_of, record
from accounts.signups import prune_unfinished
from accounts.tasks import prune
from tests.conftest import PASSWORD

SIGN_IN = "/accounts/login/"
ELSEWHERE: Any = {"REMOTE_ADDR": "192.0.2.7"}


def kinds() -> list[str]:
    """Oldest first."""
    return list(SecurityEvent.objects.order_by("pk").values_list("kind", flat=True))


def last() -> SecurityEvent:
    event: SecurityEvent = SecurityEvent.objects.latest("pk")
    return event


def test_a_sign_in_tells_who_from_where_and_by_which_request(alice: User, client: Client) -> None:
    headers: Any = {**ELSEWHERE, "HTTP_X_REQUEST_ID": "0123456789abcdef"}
    assert client.post(SIGN_IN, {"login": "alice", "password": PASSWORD}, **headers).status_code == 302
    event = last()
    assert (event.kind, event.who, event.whom, event.address) == ("signed-in", alice, alice, "192.0.2.7")
    assert event.details == {"by": ["password"]} and event.request_id
    client.post("/accounts/logout/")
    assert kinds() == ["signed-in", "signed-out"]


def test_a_failed_one_tells_whose_account_was_meant_and_not_what_was_typed(alice: User, client: Client) -> None:
    for login in ("alice", "Alice@example.org", "my password by mistake"):
        client.post(SIGN_IN, {"login": login, "password": "wrong"}, **ELSEWHERE)
    events = SecurityEvent.objects.order_by("pk")
    assert [(each.kind, each.who, each.whom) for each in events] == [
        ("sign-in-failed", None, alice), ("sign-in-failed", None, alice), ("sign-in-failed", None, None)
    ]  # fmt: skip
    assert "mistake" not in str(list(events.values()))


def test_too_many_tries_are_recorded_too(alice: User, client: Client) -> None:
    for _ in range(11):
        client.post(SIGN_IN, {"login": "alice", "password": "wrong"})
    assert "sign-in-throttled" in kinds() and last().whom == alice


def test_a_wrong_second_factor_is_whose_password_was_given(alice: User, client: Client) -> None:
    TOTP.activate(alice, generate_totp_secret())
    client.post(SIGN_IN, {"login": "alice", "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert (last().kind, last().who, last().whom) == ("second-factor-failed", None, alice)


def test_what_allauth_mails_about_is_recorded(
    alices: Client, alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    alices.post("/accounts/reauthenticate/", {"password": PASSWORD})
    changed = {"oldpassword": PASSWORD, "password1": "quite another one", "password2": "quite another one"}
    assert alices.post("/accounts/password/change/", {**changed, "oldpassword": "wrong"}).status_code == 200
    assert "password-changed" not in kinds()
    assert alices.post("/accounts/password/change/", changed).status_code == 302
    assert "password-changed" in kinds()
    TOTP.activate(alice, generate_totp_secret())
    alice.refresh_from_db()
    other = Client()
    other.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    other.post("/accounts/reauthenticate/", {"password": "quite another one"})
    other.post("/accounts/2fa/totp/deactivate/")
    assert last().kind == "totp-deactivated" and last().whom == alice


def test_a_sign_up_is_recorded_and_its_address_goes_with_it(client: Client, db: None) -> None:
    data = {"username": "dora", "email": "dora@example.org", "password1": PASSWORD}
    client.post("/accounts/signup/", data, **ELSEWHERE)
    assert kinds() == ["signed-up"] and last().address == "192.0.2.7"
    User.objects.update(date_joined=timezone.now() - timedelta(days=8))
    assert prune_unfinished() == 1
    assert last().address == "" and not EmailAddress.objects.exists()


def test_tokens_are_recorded_without_their_keys(alices: Client, alice: User, alices_api: Any) -> None:
    alices.post("/account/tokens/", {"name": "laptop", "scopes": ["read"]})
    token = ApiToken.objects.get(name="laptop")
    assert last().details == {"scopes": ["read"], "for_people": False}
    alices.post(f"/account/tokens/{token.token_key}/remove/")
    own = ApiToken.objects.get()
    assert alices_api.delete(f"/api/v1/tokens/{own.token_key}").status_code == 204
    assert kinds() == ["token-made", "token-removed", "token-removed"]
    assert token.token_key not in str(list(SecurityEvent.objects.values()))


def test_what_becomes_of_an_account_is_recorded(alice: User, bob: User) -> None:
    close_for_now(alice, timezone.now() + timedelta(days=1))
    take_back(alice)
    shut_out(alice)
    let_back_in(alice)
    let_back_in(alice)
    close_account(alice)
    assert kinds() == [
        "account-closed", "account-taken-back", "shut-out", "let-back-in", "let-back-in", "account-erased"
    ]  # fmt: skip


def test_credits_from_the_shell_are_recorded_once(alice: User) -> None:
    for _ in range(2):
        call_command("grant_credits", "alice", 5, reference="prize")
    assert [(each.kind, each.whom, each.details) for each in SecurityEvent.objects.all()] == [
        ("credits-given", alice, {"amount": 5})
    ]


def test_what_is_undone_was_not_done(alice: User) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        record("shut-out", whom=alice)
        raise RuntimeError
    assert kinds() == []


def raw(statement: str) -> Callable[[], None]:
    def execute() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return execute


CHANGES: dict[str, Callable[[], Any]] = {
    "a bare update": raw("UPDATE accounts_securityevent SET kind = 'nothing'"),
    "a bare delete": raw("DELETE FROM accounts_securityevent"),
    "of an address alone": raw("UPDATE accounts_securityevent SET address = ''"),
    "the ORM's way around the model": lambda: models.QuerySet(SecurityEvent).all().delete(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_database_refuses_every_change(alice: User, change: Callable[[], Any]) -> None:
    record("shut-out", whom=alice)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change()
    assert kinds() == ["shut-out"]


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_postgresql_empties_no_table_either(alice: User) -> None:
    record("shut-out", whom=alice)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        raw("TRUNCATE accounts_securityevent")()


@pytest.mark.parametrize("column", ["kind = 'nothing'", "who_id = NULL", "details = '{}'", "address = '192.0.2.9'"])
def test_maintenance_may_empty_an_address_and_change_nothing_else(alice: User, column: str) -> None:
    record("shut-out", who=alice, whom=alice, reason="spam")
    SecurityLogMaintenance.objects.create()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        raw(f"UPDATE accounts_securityevent SET {column}")()
    raw("UPDATE accounts_securityevent SET address = ''")()


def test_nobody_changes_one_through_the_orm(alice: User) -> None:
    record("shut-out", whom=alice)
    event = last()
    for change in (event.save, event.delete, SecurityEvent.objects.all().delete):
        with pytest.raises(TypeError, match="append-only"):
            change()
    with pytest.raises(TypeError, match="append-only"):
        SecurityEvent.objects.update(kind="nothing")


def test_old_events_go_and_that_is_an_event(alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECURITY_LOG_DAYS = 30
    record("shut-out", whom=alice)
    assert prune()["security_events"] == 0
    later = timezone.now() + timedelta(days=31)
    monkeypatch.setattr("accounts.security_events.timezone.now", lambda: later)
    assert prune()["security_events"] == 1
    assert [(each.kind, each.details["events"]) for each in SecurityEvent.objects.all()] == [("log-pruned", 1)]
    assert not SecurityLogMaintenance.objects.exists()


def test_of_who_is_gone_no_address_is_left(alice: User, bob: User, alices: Client) -> None:
    alices.post("/account/tokens/", {"name": "laptop", "scopes": ["read"]}, **ELSEWHERE)
    Client().post(SIGN_IN, {"login": "alice", "password": "wrong"}, **ELSEWHERE)
    Client().post(SIGN_IN, {"login": "bob", "password": "wrong"}, **ELSEWHERE)
    close_account(alice)
    left = {(each.kind, each.whom_id): each.address for each in SecurityEvent.objects.all()}
    assert left[("token-made", alice.pk)] == left[("sign-in-failed", alice.pk)] == ""
    assert left[("sign-in-failed", bob.pk)] == "192.0.2.7"


def test_people_are_told_their_own_and_nothing_of_the_staff(alice: User, bob: User, admin_user: User) -> None:
    record("signed-in", who=alice, whom=alice, by=["password"])
    record("admin-changed", who=admin_user, whom=alice)
    record("signed-in", who=bob, whom=bob)
    SecurityEvent(kind="shut-out", who=admin_user, whom=alice, address="192.0.2.1").save()
    told = list(history_of(alice))
    assert [(each["kind"], each["by"], each["address"]) for each in told] == [
        ("signed-in", "you", ""), ("admin-changed", "staff", ""), ("shut-out", "staff", "")
    ]  # fmt: skip
