"""`manage.py reseal`, and the same as upkeep: all that should be sealed is, by the newest key, while people go on."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import CommandError, call_command

from accounts.factors import FACTORS
from accounts.models import ApiToken, User
from accounts.sealing import is_newest, unseal
from accounts.tokens import make_token, people_secret_of
from config import resealing
from config.resealing import reseal
from generation.jobs.webhooks.signing import WEBHOOKS, new_secret
from generation.models import Webhook

NOTHING = "0 rows sealed anew; nothing is open, and nothing needs a former key."


@pytest.fixture
def opened(alice: User) -> dict[str, str]:
    """Alice's secrets, which all lie open, as before they were sealed."""
    secrets = {"app": generate_totp_secret(), "seed": RecoveryCodes.generate_seed(), "hook": new_secret()}
    types = Authenticator.Type
    Authenticator.objects.create(user=alice, type=types.TOTP, data={"secret": secrets["app"]})
    codes = {"seed": secrets["seed"], "used_mask": 3}
    Authenticator.objects.create(user=alice, type=types.RECOVERY_CODES, data=codes)
    Authenticator.objects.create(user=alice, type=types.WEBAUTHN, data={"credential": {"id": "x"}, "name": "key"})
    Webhook.objects.create(owner=alice, url="https://example.org/", secret=secrets["hook"])
    _, secrets["people"] = make_token(alice, {"name": "chat", "speaks_for_people": True})
    ApiToken.objects.update(people_secret=secrets["people"])
    make_token(alice, {"name": "plain"})
    return secrets


def data_of(kind: Authenticator.Type) -> dict[str, Any]:
    return dict(Authenticator.objects.get(type=kind).data)


def test_all_that_lies_open_is_sealed_once(opened: dict[str, str]) -> None:
    before = data_of(Authenticator.Type.WEBAUTHN)
    assert call_command("reseal").startswith("4 rows sealed anew")
    app, codes = data_of(Authenticator.Type.TOTP), data_of(Authenticator.Type.RECOVERY_CODES)
    hook, chat = Webhook.objects.get(), ApiToken.objects.get(name="chat")
    assert unseal(app["secret"], FACTORS) == opened["app"] != app["secret"]
    assert unseal(codes["seed"], FACTORS) == opened["seed"] != codes["seed"] and codes["used_mask"] == 3
    assert unseal(hook.secret, WEBHOOKS) == opened["hook"] != hook.secret and hook.former_secret == ""
    assert people_secret_of(chat) == opened["people"] != chat.people_secret
    assert data_of(Authenticator.Type.WEBAUTHN) == before and ApiToken.objects.get(name="plain").people_secret == ""
    assert call_command("reseal") == NOTHING


def test_a_new_key_takes_over_and_the_former_one_may_go(opened: dict[str, str], settings: Any) -> None:
    reseal()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert reseal().sealed == 4
    settings.SECRET_KEY_FALLBACKS = []
    assert call_command("reseal") == NOTHING
    assert people_secret_of(ApiToken.objects.get(name="chat")) == opened["people"]


def test_what_no_key_opens_is_told_and_left_as_it_is(opened: dict[str, str], settings: Any) -> None:
    reseal()
    before = data_of(Authenticator.Type.TOTP)
    settings.SECRET_KEY, former = "another", settings.SECRET_KEY
    with pytest.raises(CommandError, match="4 rows cannot be read by any key"):
        call_command("reseal")
    assert data_of(Authenticator.Type.TOTP) == before
    settings.SECRET_KEY_FALLBACKS = [former]
    assert reseal().unreadable == 0


def test_what_somebody_changes_meanwhile_is_not_overwritten(
    opened: dict[str, str], alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at a row and its change somebody uses a recovery code and sets up another app."""
    Webhook.objects.all().delete()
    ApiToken.objects.all().delete()
    other = generate_totp_secret()

    def meanwhile(kept: str, purpose: str) -> str:
        Authenticator.objects.filter(type="totp").delete()
        TOTP.activate(alice, other)
        codes = Authenticator.objects.get(type="recovery_codes")
        codes.data["used_mask"] = 7
        codes.save(update_fields=["data"])
        return kept.lower() + "-changed"

    monkeypatch.setattr(resealing, "_text", meanwhile)
    assert reseal().sealed == 0
    app, codes = data_of(Authenticator.Type.TOTP), data_of(Authenticator.Type.RECOVERY_CODES)
    assert unseal(app["secret"], FACTORS) == other and is_newest(app["secret"], FACTORS)
    assert codes == {"seed": opened["seed"], "used_mask": 7}
