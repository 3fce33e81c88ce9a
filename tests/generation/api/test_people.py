"""Tokens that speak for people: whom a signed header names, what nobody signed, and what becomes of strangers."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from allauth.account.models import EmailAddress
from rest_framework.test import APIClient

from accounts.models import ApiToken, Plan, User
from config.deletion import delete_person
from generation.api.people import MAX_LIFE_SECONDS, SIGNED, UNSIGNED
from generation.models import Checkpoint, Job, NamedPerson
from tests.conftest import credits_of, join
from tests.generation.conftest import catalog

__all__ = ["catalog"]

SECRET = "a secret that both of them know, as long as the longest hash asks"[:64].ljust(64, ".")
ME = "/api/v1/me"


@pytest.fixture
def operator(db: None) -> User:
    return join("operator", is_staff=True, is_superuser=True)


@pytest.fixture
def webui(operator: User) -> APIClient:
    """Open WebUI, with the operator's token that speaks for people."""
    _, key = ApiToken.objects.create(user=operator, name="Open WebUI", speaks_for_people=True, people_secret=SECRET)
    return APIClient(headers={"Authorization": f"Bearer {key}"})


def signed(secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    """As Open WebUI signs its users; a claim that is None is left out."""
    now = int(time.time())
    claims = {
        "sub": "671fa9fb", "email": "alice@example.org", "name": "Alice", "role": "user", "iss": "open-webui",
        "iat": now, "exp": now + 300, **changes,
    }  # fmt: skip
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, algorithm)


def who(client: APIClient, header: str | None = None, **headers: str) -> Any:
    return client.get(ME, headers={**headers, **({SIGNED: header} if header is not None else {})})


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()


def test_the_person_is_whom_the_header_names(webui: APIClient, alice: User, charlie: User) -> None:
    assert who(webui, signed()).json()["username"] == "alice"
    named = signed(sub="2", email="Charlie@Example.org")
    assert who(webui, named).json()["username"] == "charlie"
    assert who(webui).json()["username"] == "operator"
    assert dict(NamedPerson.objects.values_list("subject", "person__username")) == {"671fa9fb": "alice", "2": "charlie"}


def test_credits_queue_and_history_are_theirs(
    webui: APIClient, alice: User, operator: User, catalog: Checkpoint
) -> None:
    answer = webui.post("/api/v1/jobs", {"prompt": "a red apple"}, format="json", headers={SIGNED: signed()})
    assert answer.status_code == 202, answer.json()
    job = Job.objects.get()
    assert (job.owner, job.token) == (alice, ApiToken.objects.get())
    assert credits_of(alice) == 1000 - job.credits
    assert webui.get(f"/api/v1/jobs/{job.code}").status_code == 404
    assert webui.get(f"/api/v1/jobs/{job.code}", headers={SIGNED: signed()}).status_code == 200


def test_a_changed_address_is_still_the_same_person(webui: APIClient, alice: User, charlie: User) -> None:
    who(webui, signed())
    assert who(webui, signed(email="charlie@example.org")).json()["username"] == "alice"


def test_a_new_token_of_the_same_operator_means_the_same_people(webui: APIClient, alice: User, operator: User) -> None:
    who(webui, signed())
    _, key = ApiToken.objects.create(user=operator, name="new", speaks_for_people=True, people_secret=SECRET)
    client = APIClient(headers={"Authorization": f"Bearer {key}"})
    assert who(client, signed(email="nobody@example.org")).json()["username"] == "alice"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (lambda: signed(exp=int(time.time()) - 60), "person-expired"),
        (lambda: signed(SECRET[::-1]), "person-not-signed"),
        (lambda: signed(algorithm="HS512"), "person-not-signed"),
        (lambda: signed("", algorithm="none"), "person-not-signed"),
        (lambda: unsigned(), "person-not-signed"),
        (lambda: signed()[:-4] + "AAAA", "person-not-signed"),
        (lambda: signed(iss="somebody-else"), "person-not-signed"),
        (lambda: signed(iss=None), "person-not-signed"),
        (lambda: signed(iat=None), "person-not-signed"),
        (lambda: signed(exp=None), "person-not-signed"),
        (lambda: signed(sub=None), "person-not-signed"),
        (lambda: signed(sub=""), "person-not-signed"),
        (lambda: signed(sub="x" * 201), "person-not-signed"),
        (lambda: signed(sub="a\nb"), "person-not-signed"),
        (lambda: signed(iat=int(time.time()) + 120, exp=int(time.time()) + 240), "person-not-signed"),
        (lambda: signed(exp="soon"), "person-not-signed"),
        (lambda: signed(exp=int(time.time()) + MAX_LIFE_SECONDS + 60), "person-signed-too-long"),
        (lambda: "no.jwt.atall", "person-not-signed"),
        (lambda: "x", "person-not-signed"),
    ],
)
def test_what_is_not_rightly_signed_names_nobody(webui: APIClient, alice: User, header: Any, code: str) -> None:
    refused(who(webui, header()), 401, code)
    assert not NamedPerson.objects.exists()


def unsigned() -> str:
    """`alg: none` with the signature of nobody."""
    head, body, _ = signed().split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    assert head != none
    return f"{none}.{body}."


@pytest.mark.parametrize("name", UNSIGNED)
def test_unsigned_headers_are_never_believed(webui: APIClient, alice: User, alices_api: APIClient, name: str) -> None:
    refused(who(webui, **{name: "alice@example.org"}), 401, "person-not-signed")
    # Beside a signed one, and by any other token, they say nothing.
    assert who(webui, signed(), **{name: "charlie@example.org"}).json()["username"] == "alice"
    assert who(alices_api, **{name: "charlie@example.org"}).json()["username"] == "alice"


def test_a_token_that_does_not_speak_for_people_is_its_persons(alices_api: APIClient, charlie: User) -> None:
    assert who(alices_api, signed(email="charlie@example.org")).json()["username"] == "alice"


@pytest.mark.parametrize("rights", [{}, {"is_staff": True}])
def test_only_an_administrators_token_speaks(charlie: User, db: None, rights: dict[str, bool]) -> None:
    """Anybody could sign with the secret of a token of their own."""
    mallory = join("mallory", **rights)
    _, key = ApiToken.objects.create(user=mallory, name="m", speaks_for_people=True, people_secret=SECRET)
    client = APIClient(headers={"Authorization": f"Bearer {key}"})
    refused(who(client, signed(email="charlie@example.org")), 403, "may-not-speak")
    assert who(client).json()["username"] == "mallory"


def test_without_a_secret_nothing_is_believed(webui: APIClient, alice: User) -> None:
    ApiToken.objects.update(people_secret="")
    refused(who(webui, signed()), 401, "person-not-signed")


def test_strangers_are_refused_by_default(webui: APIClient) -> None:
    refused(who(webui, signed(email="new@example.org")), 403, "person-unknown")
    refused(who(webui, signed(email="")), 403, "person-unknown")
    refused(who(webui, signed(email="no address")), 403, "person-unknown")
    assert not User.objects.filter(email="new@example.org").exists()


@pytest.mark.parametrize("making", ["match", "make"])
def test_an_address_that_was_not_confirmed_matches_nobody(
    webui: APIClient, alice: User, settings: Any, making: str
) -> None:
    settings.NAMED_PEOPLE = making
    EmailAddress.objects.filter(user=alice).update(verified=False)
    refused(who(webui, signed()), 403, "person-unconfirmed")


@pytest.fixture
def making(settings: Any) -> Any:
    settings.NAMED_PEOPLE = "make"
    return settings


def test_strangers_are_made_where_the_site_makes_them(webui: APIClient, making: Any) -> None:
    plan = Plan.objects.create(name="Guests", daily_credits=7)
    making.NAMED_PEOPLE_PLAN = "Guests"
    answer = who(webui, signed(sub="9", email="New@Example.org", name="Zoë van Dam")).json()
    person = User.objects.get(email="new@example.org")
    assert (answer["username"], answer["credits"]) == ("Zoë-van-Dam", 7)
    assert (person.plan, person.has_usable_password()) == (plan, False)
    assert not EmailAddress.objects.filter(user=person).exists()
    assert who(webui, signed(sub="9", email="other@example.org")).json()["username"] == "Zoë-van-Dam"
    assert User.objects.filter(email="other@example.org").count() == 0


@pytest.mark.parametrize("name", ["alice", "AIice", "", "!!!", "аlice", "x" * 300, "@"])
def test_names_that_are_taken_or_none(webui: APIClient, alice: User, making: Any, name: str) -> None:
    answer = who(webui, signed(sub="9", email="n@example.org", name=name))
    assert answer.status_code == 200
    person = User.objects.get(email="n@example.org")
    person.full_clean(exclude=["password"])
    assert person.username != "alice" and person.plan.is_default


def test_a_plan_that_is_not_there(webui: APIClient, making: Any) -> None:
    making.NAMED_PEOPLE_PLAN = "Ghosts"
    refused(who(webui, signed(email="n@example.org")), 403, "no-plan")


def test_whoever_was_deleted_is_nobody(webui: APIClient, alice: User, django_capture_on_commit_callbacks: Any) -> None:
    who(webui, signed())
    User.objects.filter(pk=alice.pk).update(is_active=False)
    refused(who(webui, signed()), 403, "person-closed")
    with django_capture_on_commit_callbacks(execute=True):
        delete_person(User.objects.get(pk=alice.pk))
    assert not NamedPerson.objects.exists()
    refused(who(webui, signed()), 403, "person-unknown")
