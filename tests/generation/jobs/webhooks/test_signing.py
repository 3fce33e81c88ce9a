"""Signatures as the specification has them, and secrets that the table alone does not tell."""

from __future__ import annotations

import base64
from typing import Any

from accounts.sealing import seal, unseal
from generation.jobs.webhooks.signing import WEBHOOKS, new_secret, signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"test": 2432232314}'


def test_a_signature_is_that_of_the_specifications_example() -> None:
    made = signature([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_secret_signs() -> None:
    other = new_secret()
    both = signature([SECRET, other], "msg_1", 1, BODY).split(" ")
    assert both == [signature([SECRET], "msg_1", 1, BODY), signature([other], "msg_1", 1, BODY)]


def test_identity_time_and_body_are_all_signed() -> None:
    made = {
        signature([SECRET], identity, moment, body)
        for identity, moment, body in (("msg_1", 1, "{}"), ("msg_2", 1, "{}"), ("msg_1", 2, "{}"), ("msg_1", 1, "{ }"))
    }
    assert len(made) == 4


def test_secrets_are_long_and_never_the_same() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in made)


def test_the_table_tells_no_secret(settings: Any) -> None:
    sealed = seal(SECRET, WEBHOOKS)
    assert SECRET not in sealed and len(sealed) <= 300 and unseal(sealed, WEBHOOKS) == SECRET
    settings.SECRET_KEY = "another"
    assert unseal(sealed, WEBHOOKS) is None


def test_a_former_key_of_the_site_still_opens(settings: Any) -> None:
    sealed = seal(SECRET, WEBHOOKS)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert unseal(sealed, WEBHOOKS) == SECRET
