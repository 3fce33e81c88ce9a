"""A passkey that was added as the page proposes signs in alone; one that does not is told of at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from accounts.models import User
from tests.conftest import PASSWORD

ADD, SIGN_IN = "/accounts/2fa/webauthn/add/", "/accounts/2fa/webauthn/login/"
FLAGS = AuthenticatorData.FLAG
VERIFIED = FLAGS.UP | FLAGS.UV
ORIGIN = "http://testserver"


class Key:
    """A key of the person's, as a browser hands its answers on."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = b"a key of the test"

    def registered(self, challenge: str, *, kept: bool | None) -> str:
        public = ES256.from_cryptography_key(self.private.public_key())  # type: ignore[no-untyped-call]
        attested = AttestedCredentialData.create(bytes(16), self.id, public)
        data = AuthenticatorData.create(sha256(b"testserver"), VERIFIED | FLAGS.AT, 0, attested)
        told = CollectedClientData.create("webauthn.create", challenge, ORIGIN)
        extensions = {} if kept is None else {"credProps": {"rk": kept}}
        attestation = websafe_encode(AttestationObject.create("none", data, {}))
        return self.answer({"clientDataJSON": told.b64, "attestationObject": attestation}, extensions)

    def signed(self, challenge: str, user: str) -> str:
        data = AuthenticatorData.create(sha256(b"testserver"), VERIFIED, 1)
        told = CollectedClientData.create("webauthn.get", challenge, ORIGIN)
        signature = self.private.sign(bytes(data) + told.hash, ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": told.b64,
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": user,
        }
        return self.answer(response, {})

    def answer(self, response: dict[str, str], extensions: dict[str, Any]) -> str:
        own = websafe_encode(self.id)
        whole = {"id": own, "rawId": own, "type": "public-key", "response": response}
        return json.dumps({**whole, "clientExtensionResults": extensions})


@pytest.fixture
def alices_browser(alices: Client) -> Client:
    """Has just given the password once more, which is asked for before a key is added."""
    assert alices.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return alices


def options_of(client: Client) -> dict[str, Any]:
    options: dict[str, Any] = client.get(ADD).context["js_data"]["creation_options"]["publicKey"]
    return options


def test_a_key_added_as_proposed_signs_in_alone(alices_browser: Client) -> None:
    page = alices_browser.get(ADD)
    assert page.context["form"]["passwordless"].value() is True
    box = page.text.partition('name="passwordless"')[2].partition(">")[0]
    assert "checked" in box
    key, options = Key(), options_of(alices_browser)
    wish = {"name": "blue", "passwordless": "on", "credential": key.registered(options["challenge"], kept=True)}
    assert alices_browser.post(ADD, wish).status_code == 302

    stranger = Client()
    asked = stranger.get(SIGN_IN, headers={"X-Requested-With": "XMLHttpRequest"}).json()
    challenge = asked["request_options"]["publicKey"]["challenge"]
    stranger.post(SIGN_IN, {"credential": key.signed(challenge, options["user"]["id"])})
    assert stranger.get("/create/").status_code == 200


def test_a_key_that_keeps_nothing_is_refused_at_once(alices_browser: Client, alice: User) -> None:
    credential = Key().registered(options_of(alices_browser)["challenge"], kept=False)
    page = alices_browser.post(ADD, {"name": "blue", "passwordless": "on", "credential": credential})
    assert "This key cannot sign in alone" in page.text
    assert not Authenticator.objects.filter(user=alice).exists()


@pytest.mark.parametrize(("kept", "told"), [(False, True), (None, True), (True, False)])
def test_a_key_without_the_tick_is_told_of_as_second(alices_browser: Client, *, kept: bool | None, told: bool) -> None:
    credential = Key().registered(options_of(alices_browser)["challenge"], kept=kept)
    page = alices_browser.post(ADD, {"name": "blue", "credential": credential}, follow=True)
    assert ("does not sign in alone" in page.text) is told
