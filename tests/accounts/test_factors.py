"""Second factors: what the table keeps of them is sealed, and what no key opens lets nobody in."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core import mail
from django.test import Client

from accounts.models import User
from tests.conftest import PASSWORD

SIGN_IN, CODE = "/accounts/login/", "/accounts/2fa/authenticate/"


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def with_password(user: User) -> Client:
    """Signed in up to the page that asks for the code."""
    client = Client()
    assert client.post(SIGN_IN, {"login": user.username, "password": PASSWORD})["Location"] == CODE
    return client


def test_an_app_that_was_set_up_lies_sealed_and_signs_in(alice: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(alice, secret)
    kept = Authenticator.objects.get(user=alice).data["secret"]
    assert secret not in kept
    client = with_password(alice)
    assert client.post(CODE, {"code": code_of(secret)}).status_code == 302
    assert client.get("/account/").status_code == 200


def test_one_that_lies_open_since_before_signs_in_too(alice: User) -> None:
    secret = generate_totp_secret()
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={"secret": secret})
    assert with_password(alice).post(CODE, {"code": code_of(secret)}).status_code == 302


def test_recovery_codes_lie_sealed_and_each_works_once(alice: User) -> None:
    TOTP.activate(alice, generate_totp_secret())
    codes = RecoveryCodes.activate(alice)
    kept = Authenticator.objects.get(user=alice, type=Authenticator.Type.RECOVERY_CODES).data["seed"]
    first = codes.get_unused_codes()[0]
    assert kept.startswith("gAAAAA")
    assert with_password(alice).post(CODE, {"code": first}).status_code == 302
    assert with_password(alice).post(CODE, {"code": first}).status_code == 200


def test_a_new_password_by_mail_leads_past_no_second_factor(alice: User, client: Client) -> None:
    TOTP.activate(alice, generate_totp_secret())
    client.post("/accounts/password/reset/", {"email": alice.email})
    link = re.search(r"http://\S+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link is not None
    form = client.get(link[1], follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "another long password", "password2": "another long password"})
    assert client.get("/account/").status_code == 302
    assert client.post(SIGN_IN, {"login": "alice", "password": "another long password"})["Location"] == CODE
    assert client.get("/account/").status_code == 302


def test_a_secret_that_no_key_opens_lets_nobody_in(alice: User, settings: Any) -> None:
    TOTP.activate(alice, generate_totp_secret())
    settings.SECRET_KEY = "another key, and the former one was forgotten"
    client = with_password(alice)
    # The code of an empty secret, which anybody could work out.
    answer = client.post(CODE, {"code": code_of("")})
    assert answer.status_code == 409
    assert client.get("/account/").status_code == 302
