"""The people of the benchmark `load`: each with a session, a token and credits without end."""

from __future__ import annotations

import os

from tests.benchmarks._api_people import NO_LIMIT, Person
from tests.benchmarks._page_people import session_of


def settle(count: int) -> list[Person]:
    """On the database of a site that runs, which has its weights already."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from accounts.models import Plan

    Plan.default()
    Plan.objects.update(max_queued=NO_LIMIT, max_running=NO_LIMIT, storage_bytes=10**12)
    return [person(f"person{number}") for number in range(count)]


def person(name: str) -> Person:
    from accounts.credits import grant
    from accounts.models import ApiToken, User

    user: User = User.objects.create_user(name, f"{name}@example.org")
    grant(user, NO_LIMIT, reference=f"benchmark:{name}")
    _, key = ApiToken.objects.create(user=user, name="benchmark")
    return Person(user.pk, name, key, session_of(user), image="")
