"""True sites over sockets: one signs people in at another by OpenID Connect, and at itself by a SAML provider."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from allauth.idp.oidc.models import Client as OAuthClient
from allauth.socialaccount.models import SocialAccount

from accounts.models import Plan, SecurityEvent, User
from tests.accounts.saml_provider import ENTITY, MAIL, SSO, Asked, Identity, unsigned_sign_out
from tests.accounts.test_provider_over_socket import form_with
from tests.conftest import PASSWORD
from tests.journeys.site import Site, started

pytestmark = pytest.mark.slow
NORA = {MAIL: ["nora@example.org"], "uid": ["nora"], "email_verified": ["true"], "groups": ["artists", "others"]}


@pytest.fixture
def quick_passwords() -> None:
    """The sites are other processes with their own hashers, so the real ones are used."""


@pytest.fixture(scope="module")
def identity() -> Identity:
    return Identity()


@pytest.fixture(scope="module")
def running(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, identity: Identity
) -> Iterator[tuple[Site, Site]]:
    """The provider and the site that people come to. They share a database, and so know the same people."""
    folders = [tmp_path_factory.mktemp(name) for name in ("provider", "studio")]
    with started(django_db_blocker.unblock(), folders[0], with_worker=False, OAUTH_PROVIDER="on") as provider:
        offered = {
            "OIDC_SERVER": provider.address, "OIDC_CLIENT_ID": "studio", "OIDC_CLIENT_SECRET": "between the two",
            "OIDC_NAME": "The other site", "SAML_NAME": "The Company", "SAML_ENTITY_ID": ENTITY, "SAML_SSO_URL": SSO,
            "SAML_CERTIFICATE": identity.certificate, "SSO_GROUPS": "artists=studio", "GOOGLE_CLIENT_ID": "google",
        }  # fmt: skip
        with started(django_db_blocker.unblock(), folders[1], with_worker=False, **offered) as studio:
            yield provider, studio


@pytest.fixture
def studio(transactional_db: None, running: tuple[Site, Site]) -> Site:
    client = OAuthClient(
        id="studio", name="Studio", type="confidential", scopes="openid\nprofile\nemail",
        redirect_uris=f"{running[1].address}/accounts/oidc/sso/login/callback/", grant_types="authorization_code",
    )  # fmt: skip
    client.set_secret("between the two")
    client.save()
    return running[1]


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60) as client:
        yield client


def led_to(browser: httpx.Client, studio: Site, path: str) -> str:
    """Where the button of a provider leads the browser."""
    page = browser.get(f"{studio.address}/accounts/login/")
    token = form_with(page, "login").fields["csrfmiddlewaretoken"]
    answer = browser.post(f"{studio.address}{path}", data={"csrfmiddlewaretoken": token})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def who(browser: httpx.Client, studio: Site) -> str:
    """The address that the account page shows; empty for a guest."""
    page = browser.get(f"{studio.address}/account/")
    return page.text.partition('<p class="quiet">')[2].partition(",")[0] if page.status_code == 200 else ""


def agreed(address: str, name: str) -> str:
    """A person signs in at the provider, in its own window, and agrees; where that leads them back to."""
    with httpx.Client(timeout=60) as window:
        page = window.get(address, follow_redirects=True)
        form = form_with(page, "login")
        typed = {**form.fields, "login": name, "password": PASSWORD, "next": page.url.params["next"]}
        page = window.post(page.url.join(form.action), data=typed, follow_redirects=True)
        form = form_with(page, "scopes")
        sent = {**form.fields, "scopes": ["openid", "profile", "email"], "action": "grant"}
        left = window.post(page.url.join(form.action), data=sent)
        assert left.status_code == 302, left.text
        return left.headers["Location"]


def test_openid_connect_with_this_very_site(studio: Site, browser: httpx.Client, alice: User, bob: User) -> None:
    back = agreed(led_to(browser, studio, "/accounts/oidc/sso/login/"), "alice")
    assert browser.get(back).status_code == 302
    assert who(browser, studio) == alice.email
    row = SocialAccount.objects.get()
    assert (row.user, row.provider, row.uid) == (alice, "sso", alice.code)
    # The same answer of the provider is good once.
    with httpx.Client(timeout=60) as thief:
        assert thief.get(back).status_code == 401 and who(thief, studio) == ""
        # One of the staff is not joined by an address.
        thief.get(agreed(led_to(thief, studio, "/accounts/oidc/sso/login/"), "bob"))
        assert who(thief, studio) == ""
    assert SocialAccount.objects.count() == 1


def delivered(browser: httpx.Client, asked: Asked, response: str) -> httpx.Response:
    """As a browser does: the provider's page posts without the site's cookies, which wait for the step behind it."""
    taken = httpx.post(asked.acs, data={"SAMLResponse": response, "RelayState": ""}, timeout=60)
    assert taken.status_code == 302, taken.text
    browser.cookies.update(taken.cookies)
    return browser.get(httpx.URL(asked.acs).join(taken.headers["Location"]))


def test_saml(studio: Site, browser: httpx.Client, identity: Identity) -> None:
    plan = Plan.objects.create(name="Studio")
    asked = Asked.read(led_to(browser, studio, "/accounts/saml/sso/login/"))
    assert asked.acs == f"{studio.address}/accounts/saml/sso/acs/"
    response = identity.answer(asked, NORA)
    assert delivered(browser, asked, response).status_code == 302
    assert who(browser, studio) == "nora@example.org"
    nora = User.objects.get()
    assert (nora.username, nora.plan) == ("nora", plan)
    row = SocialAccount.objects.get()
    assert (row.provider, row.uid) == ("saml-sso", "nora-at-work")
    with httpx.Client(timeout=60) as thief:
        led_to(thief, studio, "/accounts/saml/sso/login/")
        assert "You are not signed in" in delivered(thief, asked, response).text
        assert who(thief, studio) == ""
        asked = Asked.read(led_to(thief, studio, "/accounts/saml/sso/login/"))
        delivered(thief, asked, identity.answer(asked, {**NORA, "groups": []}))
        assert who(thief, studio) == "nora@example.org"
    nora.refresh_from_db()
    assert nora.plan.is_default
    # No link of anybody's signs people out.
    asked_out = browser.get(f"{studio.address}/accounts/saml/sso/sls/", params={"SAMLRequest": unsigned_sign_out()})
    assert asked_out.status_code == 400 and who(browser, studio) == "nora@example.org"


def test_saml_that_cannot_be_trusted(studio: Site, browser: httpx.Client, identity: Identity, alice: User) -> None:
    told = {**NORA, MAIL: [alice.email]}
    asked = Asked.read(led_to(browser, studio, "/accounts/saml/sso/login/"))
    other = Asked(asked.number, asked.acs, "https://elsewhere.example.org")
    good = base64.b64decode(identity.answer(asked, NORA)).decode()
    bad = {
        "unsigned": identity.answer(asked, told, signed=False),
        "of another key": Identity().answer(asked, told),
        "changed": base64.b64encode(good.replace("nora@", "alice@").encode()).decode(),
        "for another site": identity.answer(other, told),
        "too old": identity.answer(asked, told, minutes=-5),
        "not asked for": identity.answer(asked, told, solicited=False),
        "no XML": base64.b64encode(b"hello").decode(),
    }
    for what, response in bad.items():
        answer = delivered(browser, asked, response)
        assert answer.status_code in (200, 401) and "You are not signed in" in answer.text, what
        assert who(browser, studio) == "", what
    assert not SocialAccount.objects.exists()
    events = SecurityEvent.objects.filter(kind="sign-in-refused").values_list("details__by", "details__why")
    assert len(events) == len(bad) and {*events} <= {("saml-sso", "bad-answer"), ("saml-sso", "not-asked-for")}
    # An address that the provider does not call confirmed joins nobody's account.
    asked = Asked.read(led_to(browser, studio, "/accounts/saml/sso/login/"))
    delivered(browser, asked, identity.answer(asked, {MAIL: [alice.email], "uid": ["alice"]}))
    assert who(browser, studio) == "" and not SocialAccount.objects.exists()


def test_what_the_site_says_of_itself(studio: Site, browser: httpx.Client) -> None:
    metadata = browser.get(f"{studio.address}/accounts/saml/sso/metadata/")
    assert metadata.status_code == 200 and f"{studio.address}/accounts/saml/sso/acs/" in metadata.text
    page = browser.get(f"{studio.address}/accounts/login/").text
    assert all(name in page for name in ("The other site", "The Company", "Google"))
    google = led_to(browser, studio, "/accounts/google/login/")
    assert google.startswith("https://accounts.google.com/")
    assert browser.get(f"{studio.address}/accounts/github/login/").status_code == 404
