"""Mail leaves by a task, to real servers on this machine: pages neither wait for one nor break with it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import mail, tasks
from accounts.models import OutgoingMail, User
from accounts.signups import prune_unfinished
from config.celery import app
from tests.accounts.mail_servers import HOST, SECRET, USER, Inbox, serving, silent, write_certificate
from tests.conftest import join

PERSON = {"username": "dora", "email": "dora@example.org", "password1": "a long enough password"}
SIGN_IN = {"login": "dora", "password": PERSON["password1"]}


@pytest.fixture
def smtp(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A site with a mail server, which is still to be started; the wake-ups that would leave."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = HOST, False, False
    settings.EMAIL_TIMEOUT = 1
    woken: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda name, **options: woken.append(name))
    return woken


@pytest.fixture
def inbox(smtp: list[str], settings: Settings) -> Iterator[Inbox]:
    with serving() as (served, settings.EMAIL_PORT):
        yield served


def queue(recipient: str = "dora@example.org", subject: str = "A link") -> OutgoingMail:
    mail.queue_mail(EmailMessage(subject, "https://studio.example/secret", "studio@example.org", [recipient]))
    return OutgoingMail.objects.get(recipient=recipient, subject=subject)


def later(by: timedelta) -> None:
    """As if that much time had passed for what waits."""
    for row in OutgoingMail.objects.exclude(next_try_at=None):
        OutgoingMail.objects.filter(pk=row.pk).update(
            next_try_at=row.next_try_at - by, created_at=row.created_at - by  # type: ignore[operator]
        )  # fmt: skip


def path_in(text: str) -> str:
    link = re.search(r"http://\S+?(/accounts/\S+)", text)
    assert link is not None
    return link[1]


def test_a_link_leaves_by_a_task(
    client: Client, db: None, smtp: list[str], inbox: Inbox, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post("/accounts/signup/", PERSON, follow=True)
    assert "is on its way to your address" in page.text
    assert ["is on its way" in str(message) for message in page.context["messages"]] == [True]
    assert smtp == ["accounts.tasks.send_due_mail"]
    assert inbox.mails == [], "the page left it to the task"
    assert tasks.send_due_mail() == 1
    assert not OutgoingMail.objects.exists()
    (text,) = inbox.mails
    assert "To: dora@example.org" in text
    client.post(path_in(text))
    assert client.post("/accounts/login/", SIGN_IN).status_code == 302
    assert client.get("/account/").status_code == 200


def test_its_tasks_are_registered_and_on_the_clock() -> None:
    app.loader.import_default_modules()
    assert {mail.SEND_DUE_MAIL, "accounts.tasks.prune"} <= set(app.tasks)
    assert {mail.SEND_DUE_MAIL, "accounts.tasks.prune"} <= {each["task"] for each in app.conf.beat_schedule.values()}


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_tls(
    db: None, smtp: list[str], settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tls: str
) -> None:
    certificate = write_certificate(tmp_path / "mail.pem")
    settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = tls == "implicit", tls == "starttls"
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = USER, SECRET
    with serving(tls, certificate) as (inbox, settings.EMAIL_PORT):
        queue()
        assert tasks.send_due_mail() == 0, "a certificate that nobody vouches for is not believed"
        assert "CERTIFICATE_VERIFY_FAILED" in OutgoingMail.objects.get().error
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        later(timedelta(minutes=1))
        assert tasks.send_due_mail() == 1
    assert inbox.signed_in == [True]


def test_a_server_that_does_not_answer_breaks_no_page(
    client: Client, db: None, smtp: list[str], settings: Settings
) -> None:
    with silent() as settings.EMAIL_PORT:
        began = time.monotonic()
        for path, form in (("signup", PERSON), ("login", SIGN_IN), ("password/reset", {"email": PERSON["email"]})):
            assert client.post(f"/accounts/{path}/", form).status_code == 302
        assert time.monotonic() - began < settings.EMAIL_TIMEOUT
        assert tasks.send_due_mail() == 0
    kinds = OutgoingMail.objects.order_by("pk").values_list("subject", "attempts")
    assert list(kinds) == [("Confirm your email address", 1), ("Set a new password", 0)], "it ended with the first"
    first = OutgoingMail.objects.order_by("pk")[0]
    assert "timed out" in first.error and first.next_try_at is not None and first.next_try_at > timezone.now()
    with serving(port=settings.EMAIL_PORT) as (inbox, _):
        assert tasks.send_due_mail() == 1
        later(timedelta(minutes=1))
        assert tasks.send_due_mail() == 1
    assert len(inbox.mails) == 2


def test_a_server_that_is_not_there(client: Client, db: None, smtp: list[str]) -> None:
    assert client.post("/accounts/signup/", PERSON).status_code == 302
    assert tasks.send_due_mail() == 0
    assert "refused" in OutgoingMail.objects.get().error


def test_a_broker_that_is_away_loses_no_mail(
    db: None, smtp: list[str], inbox: Inbox, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    from kombu.exceptions import OperationalError

    def refuse(*args: Any, **options: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        queue()
    assert tasks.send_due_mail() == 1, "the clock finds it"


def test_pauses_grow_to_an_hour_and_after_two_days_it_is_given_up(db: None, smtp: list[str]) -> None:
    row, pauses = queue(), []
    for _ in range(8):
        tasks.send_due_mail()
        row.refresh_from_db()
        assert row.next_try_at is not None
        pauses.append(round((row.next_try_at - timezone.now()).total_seconds() / 60))
        later(timedelta(hours=1))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    later(timedelta(days=2))
    tasks.send_due_mail()
    row.refresh_from_db()
    assert (row.next_try_at, row.body) == (None, ""), "the link goes with it"
    assert "refused" in row.error
    later(timedelta(days=2))
    assert tasks.send_due_mail() == 0


def test_a_refused_recipient_is_given_up_and_stops_nobody(db: None, smtp: list[str], inbox: Inbox) -> None:
    inbox.answers = {"nobody@example.org": ["550 No such user"], "busy@example.org": ["451 Come again later"]}
    gone, busy, _ = queue("nobody@example.org"), queue("busy@example.org"), queue()
    assert tasks.send_due_mail() == 1
    gone.refresh_from_db()
    busy.refresh_from_db()
    assert (gone.next_try_at, gone.body, gone.error) == (None, "", "550 No such user")
    assert busy.error == "451 Come again later"
    later(timedelta(minutes=1))
    assert tasks.send_due_mail() == 1
    assert "To: busy@example.org" in inbox.mails[-1]


def test_a_mail_that_cannot_be_written_stops_nobody(db: None, smtp: list[str], inbox: Inbox) -> None:
    broken = queue(subject="two\nlines")
    queue()
    assert tasks.send_due_mail() == 1
    broken.refresh_from_db()
    assert broken.next_try_at is None and broken.error.startswith("BadHeaderError")


def test_one_round_at_a_time_and_one_sender_for_a_mail(db: None, smtp: list[str], inbox: Inbox) -> None:
    row = queue()
    cache.add("mail-round", 1, timeout=60)
    assert tasks.send_due_mail() == 0
    cache.delete("mail-round")
    same = OutgoingMail.objects.get(pk=row.pk)
    assert [mail._claim(row), mail._claim(same)] == [True, False]
    assert tasks.send_due_mail() == 0, "whoever claimed it may be sending it"
    later(timedelta(minutes=1))
    assert tasks.send_due_mail() == 1, "that one was killed"


def test_what_was_given_up_is_forgotten_in_time(db: None, smtp: list[str]) -> None:
    old, new = queue("old@example.org"), queue("new@example.org")
    OutgoingMail.objects.update(next_try_at=None)
    OutgoingMail.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=15))
    assert tasks.prune()["mails"] == 1
    assert OutgoingMail.objects.get() == new


def test_a_sign_up_without_its_mail_can_be_finished(client: Client, db: None, smtp: list[str], inbox: Inbox) -> None:
    inbox.answers = {"dora@example.org": ["550 Not today"]}
    client.post("/accounts/signup/", PERSON)
    assert tasks.send_due_mail() == 0
    again = client.post("/accounts/signup/", PERSON)
    assert "If it is yours, sign in" in again.text
    cache.clear()  # three minutes later
    client.post("/accounts/login/", SIGN_IN)
    assert tasks.send_due_mail() == 1
    client.post(path_in(inbox.mails[-1]))
    client.post("/accounts/login/", SIGN_IN)
    assert client.get("/account/").status_code == 200


def test_a_sign_up_without_its_mail_can_be_begun_again(client: Client, db: None, smtp: list[str], inbox: Inbox) -> None:
    client.post("/accounts/signup/", {**PERSON, "email": "doar@example.org"})
    assert client.post("/accounts/signup/", {**PERSON, "username": "dora2"}).status_code == 302
    assert tasks.send_due_mail() == 2
    client.post(path_in(inbox.mails[-1]))
    client.post("/accounts/login/", {**SIGN_IN, "login": "dora2"})
    assert client.get("/account/").status_code == 200


def test_an_unfinished_account_gives_its_name_back(client: Client, db: None, smtp: list[str], charlie: User) -> None:
    client.post("/accounts/signup/", PERSON)
    User.objects.create_user("made-by-hand", "hand@example.org", "a long enough password")
    week = timezone.now() - timedelta(days=8)
    assert prune_unfinished() == 0
    User.objects.update(date_joined=week)
    assert prune_unfinished() == 1
    assert set(User.objects.values_list("username", flat=True)) == {"charlie", "made-by-hand"}
    assert client.post("/accounts/signup/", PERSON).status_code == 302


@pytest.mark.parametrize("page", ["signup", "confirm-email", "password/reset", "password/reset/done"])
def test_without_a_mail_server_pages_say_so(client: Client, db: None, page: str) -> None:
    text = client.get(f"/accounts/{page}/").text
    assert "no mail server, so nothing is sent" in text
    assert "on its way" not in text and "We send" not in text


def test_without_a_mail_server_messages_say_so(client: Client, db: None) -> None:
    page = client.post("/accounts/signup/", PERSON, follow=True)
    assert ["stands in its log" in str(message) for message in page.context["messages"]] == [True]


def test_the_test_mail_goes_straight_to_the_server(
    smtp: list[str], inbox: Inbox, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("sendtestemail", "op@example.org")
    assert "To: op@example.org" in inbox.mails[0]
    assert "took it" in capsys.readouterr().out


def test_the_test_mail_says_in_a_sentence_what_is_wrong(smtp: list[str], settings: Settings) -> None:
    with pytest.raises(CommandError, match=rf"{HOST}:{settings.EMAIL_PORT} did not take it: .*refused"):
        call_command("sendtestemail", "op@example.org")
    with silent() as settings.EMAIL_PORT, pytest.raises(CommandError, match="timed out"):
        call_command("sendtestemail", "op@example.org")
    settings.EMAIL_HOST = ""
    with pytest.raises(CommandError, match="set SMTP_HOST"):
        call_command("sendtestemail", "op@example.org")


def test_the_admin_shows_what_did_not_leave_and_not_its_link(admin_client: Client, smtp: list[str]) -> None:
    row = queue()
    tasks.send_due_mail()
    listed = admin_client.get("/admin/accounts/outgoingmail/").text
    one = admin_client.get(f"/admin/accounts/outgoingmail/{row.pk}/change/").text
    for text in (listed, one):
        assert "dora@example.org" in text and "refused" in text
        assert "/secret" not in text


def test_an_operator_can_confirm_an_address(admin_client: Client, client: Client, smtp: list[str]) -> None:
    client.post("/accounts/signup/", PERSON)
    dora = User.objects.get(username="dora")
    admin_client.post("/admin/accounts/user/", {"action": "confirm_address", "_selected_action": [dora.pk]})
    assert EmailAddress.objects.get(user=dora).verified
    client.post("/accounts/login/", SIGN_IN)
    assert client.get("/account/").status_code == 200


def test_mail_to_a_closed_account_does_not_leave(db: None, smtp: list[str]) -> None:
    from accounts.closing import close_account

    dora = join("dora")
    queue()
    close_account(dora)
    assert not OutgoingMail.objects.exists()
