"""A passkey added as the page proposes signs in alone, in a browser with a key of its own."""

from __future__ import annotations

from playwright.sync_api import expect

from accounts.models import User
from tests.conftest import PASSWORD
from tests.journeys.test_making import SignIn

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_it_signs_in_alone(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    page.goto("/accounts/2fa/webauthn/add/")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/webauthn/add/")
    expect(page.locator("[name=passwordless]")).to_be_checked()
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/accounts/2fa/recovery-codes/")
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.click("#passkey_login")
    page.wait_for_url("**/create/")
