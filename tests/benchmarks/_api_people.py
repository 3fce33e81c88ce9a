"""The people of the benchmark `api`: each with a token, a session, credits without end, and a picture of their own."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

from tests.benchmarks._page_people import drawn, session_of
from tests.benchmarks._page_people import settle as settle_site

if TYPE_CHECKING:
    from accounts.models import User

NO_LIMIT = 10**6
RECIPE: dict[str, Any] = {"prompt": "a red apple", "width": 64, "height": 64, "steps": 4}


@dataclass(frozen=True, slots=True)
class Person:
    """`image` is the code of their picture."""

    pk: int
    name: str
    key: str
    session: str
    image: str


def settle(count: int) -> list[Person]:
    """On a fresh data folder with the bundled catalog and some posts, and with a plan that bounds nothing."""
    from accounts.models import Plan

    settle_site()
    Plan.objects.update(max_queued=NO_LIMIT, max_running=NO_LIMIT, storage_bytes=10**12)
    return [person(f"person{number}") for number in range(count)]


def person(name: str) -> Person:
    from accounts.credits import grant
    from accounts.models import ApiToken, User

    user: User = User.objects.create_user(name, f"{name}@example.org")
    grant(user, NO_LIMIT, reference=f"benchmark:{name}")
    (image,) = drawn(user, 1)
    _, key = ApiToken.objects.create(user=user, name="benchmark")
    return Person(user.pk, name, key, session_of(user), image.code)


class Program:
    """A program of somebody's, on one line that stays open."""

    def __init__(self, port: int, person: Person) -> None:
        self.line = HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Host": "localhost", "Authorization": f"Bearer {person.key}"}

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        data = None if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        self.line.request(method, path, data, {**self.headers, **kind})
        answer = self.line.getresponse()
        return answer.status, answer.read()

    def create(self, **fields: Any) -> tuple[int, list[str]]:
        """Ask for a picture; the status, and the codes of its jobs."""
        status, data = self.ask("POST", "/api/v1/jobs", {**RECIPE, **fields})
        return status, [job["code"] for job in json.loads(data).get("jobs", [])]

    def close(self) -> None:
        self.line.close()


def set_up() -> None:
    """Django, for a process that a benchmark has started: its settings are in the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()


def is_there(path: str) -> bool:
    """Whether the site has this address: what it does not have is not measured."""
    from django.urls import Resolver404, resolve

    try:
        resolve(path)
    except Resolver404:
        return False
    return True
