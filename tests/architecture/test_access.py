"""Every address × anonymous, owner, stranger, moderator × every method gives what the access table says."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from tests.architecture.access_admin import ADMIN_FOR_ALL, ADMIN_FOR_MODERATORS
from tests.architecture.access_rows import Row
from tests.architecture.access_table import TABLE, UNSHARED, WAITING
from tests.architecture.access_things import things_of

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PEOPLE = ("anonymous", "owner", "stranger", "moderator")
SIGN_IN = ("/login/", "/reauthenticate/", "/2fa/reauthenticate")
CLOSED = {"login", "403", "404", "405"}


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from routes(entry, route)


ROUTES = sorted(set(routes(get_resolver())))
ADMIN = [route for route in ROUTES if route.startswith("admin/")]
OURS = [route for route in ROUTES if route not in ADMIN]


@pytest.fixture
def clients(alice: User, bob: User, charlie: User, signed_in: Any) -> dict[str, Client]:
    return {
        "anonymous": Client(),
        "owner": signed_in(alice),
        "stranger": signed_in(charlie),
        "moderator": signed_in(bob),
    }


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert sorted(set(OURS) - set(TABLE)) == [], "these addresses have no row in access_table.py"
    assert sorted(set(TABLE) - set(OURS)) == [], "these rows have no address"


@pytest.mark.django_db
@pytest.mark.parametrize("route", [route for route in OURS if route in TABLE])
def test_address(route: str, clients: dict[str, Client], alice: User) -> None:
    row = TABLE[route]
    path = "/" + (row.path or route).format(**things_of(alice))
    wrong = list(differences(path, row, clients))
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
@pytest.mark.parametrize("row", UNSHARED, ids=[row.path for row in UNSHARED])
def test_what_no_link_leads_to_is_not_there(row: Row, clients: dict[str, Client], alice: User) -> None:
    wrong = list(differences("/" + row.path.format(**things_of(alice)), row, clients))
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
@pytest.mark.parametrize("row", WAITING, ids=[row.path for row in WAITING])
def test_what_waits_is_hidden(row: Row, clients: dict[str, Client], alice: User) -> None:
    wrong = list(differences("/" + row.path.format(**things_of(alice)), row, clients))
    assert not wrong, "\n".join(wrong)


def differences(path: str, row: Row, clients: dict[str, Client]) -> Iterator[str]:
    foreign = path.startswith("/accounts/")
    for method in METHODS:
        for who, client in clients.items():
            named = row.methods.get(method)
            allowed = set(named[PEOPLE.index(who)].split("|")) if named else CLOSED
            response = ask(client, method, path)
            came = outcome(response)
            # allauth leads people away from pages that are not for them whatever the method, and takes a PUT as a POST.
            if foreign and (response.status_code == 302 or method == "PUT") and came == "ok":
                continue
            if came not in allowed:
                yield f"{method} {path} as {who}: {came}, and the table says {' or '.join(sorted(allowed))}"


def ask(client: Client, method: str, path: str) -> HttpResponseBase:
    """One request whose effects on the database are undone."""
    session = SimpleCookie(client.cookies.copy())
    with transaction.atomic():
        response = client.generic(method, path, content_type=content_type(method, path))
        transaction.set_rollback(True)
    client.cookies = session
    return response


def content_type(method: str, path: str) -> str:
    if path.startswith("/api/"):
        return "application/json"
    return "application/x-www-form-urlencoded" if method == "POST" else "application/octet-stream"


def outcome(response: HttpResponseBase) -> str:
    status = response.status_code
    if status in {403, 404, 405}:
        return str(status)
    if status == 401 or (status in {302, 303} and any(word in response["Location"] for word in SIGN_IN)):
        return "login"
    return "ok" if status < 500 else f"error {status}"


@pytest.mark.django_db
@pytest.mark.parametrize("who", PEOPLE)
def test_the_admin_is_closed_to_all_but_its_own(who: str, clients: dict[str, Client]) -> None:
    wrong = [problem for route in ADMIN for problem in admin_differences(route, who, clients[who])]
    assert not wrong, "\n".join(wrong)


def admin_differences(route: str, who: str, client: Client) -> Iterator[str]:
    path = "/" + fill(route)
    for method in ("GET", "POST"):
        response = ask(client, method, path)
        came = outcome(response)
        if route in ADMIN_FOR_ALL or old_address(response, path):
            continue
        allowed = {"ok", "405"} if who == "moderator" and route in ADMIN_FOR_MODERATORS else CLOSED
        if came not in allowed:
            yield f"{method} {path} as {who}: {came}, and not {' or '.join(sorted(allowed))}"


def old_address(response: HttpResponseBase, path: str) -> bool:
    """The admin moved /1/ to /1/change/ once, and still says so to its staff."""
    return response.status_code == 302 and response["Location"].endswith(("/change/", "/admin/"))


def fill(route: str) -> str:
    """Any number will do: a row that is not there must not be told apart from one that may not be seen."""
    words = {"<path:object_id>": "1", "<path:content_type_id>": "1", "<id>": "1", "(?P<url>.*)$": "nowhere"}
    words |= {"<slug:subject>": "post", "<int:key>": "1", "<slug:form>": "csv"}
    for parameter, value in words.items():
        route = route.replace(parameter, value)
    return route if not route.startswith("admin/^") else "admin/accounts/"
