"""The cast: alice makes pictures and has credits, bob moderates, charlie is a stranger to both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User

PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def quick_passwords(request: pytest.FixtureRequest) -> None:
    """Argon2 is slow on purpose; tests that are not about passwords use a quick hash."""
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        settings = request.getfixturevalue("settings")
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(autouse=True)
def fresh_cache(request: pytest.FixtureRequest) -> None:
    """Rate limits and throttles live in the cache: one test must not use up the next one's. Nor what pages announce."""
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        from django.core.cache import cache

        from generation.models import SiteState

        cache.clear()
        # Read just now, and to be read again when it is changed: pages are compared by the number of their queries.
        SiteState.objects._read, SiteState.objects._read_at = SiteState(pk=1), time.monotonic() + 3600


@pytest.fixture(autouse=True)
def own_media(request: pytest.FixtureRequest, tmp_path: Any) -> None:
    """Files that a test stores are gone with it."""
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        settings = request.getfixturevalue("settings")
        settings.MEDIA_ROOT = tmp_path / "media"
        settings.EXPORTS_DIR = tmp_path / "exports"
        settings.WEIGHTS_DIRS = [tmp_path / "weights", *settings.WEIGHTS_DIRS[1:]]


@pytest.fixture(autouse=True)
def no_connection_stays_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """Who opens a connection in a thread of their own closes it there.

    Left open it keeps PostgreSQL from removing the database, which fails the last test of all.
    """
    if not {"db", "transactional_db"} & set(request.fixturenames):
        yield
        return
    from django.db import connections
    from django.db.backends.signals import connection_created

    opened: WeakSet[Any] = WeakSet()

    def note(connection: Any, **kwargs: Any) -> None:
        opened.add(connection)

    connection_created.connect(note)
    yield
    # A thread that has just done its work may be about to close its own.
    deadline = time.monotonic() + 5
    while left := [each for each in opened if each.connection is not None and each is not connections[each.alias]]:
        assert time.monotonic() < deadline, f"a thread of this test left its connection open: {left}"
        time.sleep(0.01)


def join(username: str, **fields: Any) -> User:
    """A person with a verified address, who can sign in with `PASSWORD`."""
    from allauth.account.models import EmailAddress

    from accounts.models import User

    user = User.objects.create_user(username, f"{username}@example.org", PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """After a test with true transactions only those tables are emptied that have rows.

    Django's own flush empties a hundred of them and then makes all permissions anew: longer than most tests take.
    """
    from django.test import TransactionTestCase

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: empty_tables())
        yield


def empty_tables() -> None:
    from django.db import connection, transaction

    names = set(connection.introspection.django_table_names(include_views=False))
    # What `migrate` makes after it, and makes anew after a flush.
    names -= {"django_content_type", "auth_permission"}
    quoted = {name: connection.ops.quote_name(name) for name in names}
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quoted[name]})" for name in names)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(filled)
        names = {name for (name,) in cursor.fetchall()}
        # The security log lets nothing go unless a row stands here, which goes last.
        maintenance = "accounts_securitylogmaintenance"
        cursor.execute(f"INSERT INTO {maintenance} (id) VALUES (1)")
        for name in names:
            cursor.execute(f"DELETE FROM {quoted[name]}")
        cursor.execute(f"DELETE FROM {maintenance}")


@pytest.fixture
def alice(db: None) -> User:
    """A user with 1,000 credits."""
    from accounts.credits import grant

    user = join("alice")
    grant(user, 1000, reference="test:alice", note="for the test")
    return user


@pytest.fixture
def bob(db: None) -> User:
    """A moderator: staff, in the group `moderator`."""
    from django.contrib.auth.models import Group

    user = join("bob", is_staff=True)
    user.groups.add(Group.objects.get_or_create(name="moderator")[0])
    return user


@pytest.fixture
def charlie(db: None) -> User:
    """A stranger: signed up, owns nothing."""
    return join("charlie")


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A client signed in as the given person, with CSRF left to the tests that are about it."""
    from django.test import Client

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture
def alices(alice: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(alice)


@pytest.fixture
def bobs(bob: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(bob)


@pytest.fixture
def charlies(charlie: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(charlie)


@pytest.fixture
def alices_api(alice: User) -> Any:
    """An API client that carries one of alice's tokens."""
    from knox.models import get_token_model
    from rest_framework.test import APIClient

    _, token = get_token_model().objects.create(user=alice)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


@pytest.fixture
def wakeups_sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The wake-ups that would have left this process from now on, each as (task, its arguments...)."""
    sent: list[tuple[Any, ...]] = []

    def send(task: Any, *args: int, countdown: float | None = None) -> bool:
        sent.append((task, *args))
        return True

    monkeypatch.setattr("generation.messages.wakeups.send", send)
    return sent


def credits_of(user: User) -> int:
    """What the person can spend now, read afresh: a wallet once loaded stays as it was."""
    from accounts.models import Wallet

    return Wallet.objects.get(user=user).balance
