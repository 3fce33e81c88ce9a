"""A live line ends with its session, a person has only so many, and all are looked up for at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.sessions import SignIn, sign_in_of, still_standing
from generation.web.live.consumers import JobsConsumer, lines
from generation.web.live.lines import LINES_A_PERSON, SIGNED_OUT, TOO_MANY
from generation.web.live.reading import waiting_places
from tests.conftest import PASSWORD, join
from tests.generation.conftest import Queue, add_worker
from tests.generation.web.live.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)
End = Callable[[Client, User], object]


def sign_out(client: Client, user: User) -> object:
    return client.post("/accounts/logout/")


def end_in_another_browser(client: Client, user: User) -> object:
    other = Client()
    assert other.post("/accounts/login/", {"login": user.username, "password": PASSWORD}).status_code == 302
    return other.post("/accounts/sessions/")


def deactivate(client: Client, user: User) -> object:
    return User.objects.filter(pk=user.pk).update(is_active=False)


def change_the_password(client: Client, user: User) -> object:
    user.set_password("another long password")
    user.save()
    return user


def outlive(client: Client, user: User) -> object:
    return Session.objects.update(expire_date=timezone.now())


def delete(client: Client, user: User) -> object:
    return Session.objects.all().delete()


def line_of(session: SignIn) -> WebsocketCommunicator:
    line = WebsocketCommunicator(JobsConsumer.as_asgi(), "/ws/jobs/")
    line.scope["sign_in"] = session
    return line


async def close_of(line: WebsocketCommunicator) -> dict[str, Any]:
    while (output := await line.receive_output(timeout=5))["type"] != "websocket.close":
        pass
    return dict(output)


async def places_on(line: WebsocketCommunicator) -> str:
    while '"places"' not in (message := await line.receive_from(timeout=5)):
        pass
    return str(message)


@pytest.mark.asyncio
@pytest.mark.parametrize("end", [sign_out, end_in_another_browser, deactivate, change_the_password, outlive, delete])
async def test_a_line_ends_within_a_second_of_its_session(alice: User, charlie: User, end: End) -> None:
    client, session = await database_sync_to_async(sign_in)(alice)
    line = line_of(session)
    _, other = await database_sync_to_async(sign_in)(charlie)
    strangers = line_of(other)
    for each in (line, strangers):
        await each.connect()
    await database_sync_to_async(end)(client, alice)
    ended = time.monotonic()
    closed = await close_of(line)
    assert time.monotonic() - ended < 1
    assert closed["code"] == SIGNED_OUT and closed["reason"]
    if end not in (outlive, delete):
        await strangers.receive_output(timeout=5)  # the snapshot
        assert await strangers.receive_nothing(timeout=0.7)
    await strangers.disconnect()


def test_a_session_opens_a_line_as_it_opens_a_page(alice: User) -> None:
    client, session = sign_in(alice)
    assert sign_in_of("nonsense") is None
    assert still_standing({session}) == {session}
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert sign_in_of(session.session_key) is None


@pytest.mark.asyncio
async def test_a_person_has_so_many_lines_and_a_place_is_free_again(alice: User, charlie: User) -> None:
    _, session = await database_sync_to_async(sign_in)(alice)
    mine = [line_of(session) for _ in range(LINES_A_PERSON + 1)]
    for line in mine:
        await line.connect()
    closed = await close_of(mine[-1])
    assert closed["code"] == TOO_MANY and str(LINES_A_PERSON) in closed["reason"]
    _, other = await database_sync_to_async(sign_in)(charlie)
    strangers = line_of(other)
    await strangers.connect()
    assert (await strangers.receive_output(timeout=5))["type"] == "websocket.send"
    await mine[0].disconnect()
    again = line_of(session)
    await again.connect()
    assert (await again.receive_output(timeout=5))["type"] == "websocket.send"
    for line in (*mine[1:-1], again, strangers):
        await line.disconnect()


@pytest.mark.asyncio
async def test_a_line_that_breaks_frees_its_place(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(owner_id: int) -> Any:
        raise OSError("The database is away.")

    _, session = await database_sync_to_async(sign_in)(alice)
    with monkeypatch.context() as patched:
        patched.setattr("generation.web.live.consumers.snapshot", away)
        for _ in range(LINES_A_PERSON + 1):
            broken = line_of(session)
            with pytest.raises(OSError, match="away"):
                await broken.connect()
                await broken.wait(timeout=5)
    again = line_of(session)
    await again.connect()
    assert (await again.receive_output(timeout=5))["type"] == "websocket.send"
    await again.disconnect()


@pytest.mark.asyncio
async def test_one_look_serves_all_lines(alice: User, charlie: User, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def count(owners: set[int]) -> dict[int, list[dict[str, Any]]]:
        looks.append(len(owners))
        return {owner: [{"code": "x", "place": owner}] for owner in owners}

    monkeypatch.setattr("generation.web.live.lines.waiting_places", count)
    opened = []
    for person in (alice, charlie):
        _, session = await database_sync_to_async(sign_in)(person)
        opened += [line_of(session) for _ in range(3)]
    for line in opened:
        await line.connect()
    looks.clear()
    await lines.send_places()
    assert looks[-1] == 2
    told = [await places_on(line) for line in opened]
    assert len(told) == 6 and len(set(told)) == 2
    for line in opened:
        await line.disconnect()


def test_places_of_many_take_as_many_queries_as_those_of_one(alice: User, queue: Queue) -> None:
    people = [join(f"maker{number}") for number in range(5)]
    for person in (alice, *people):
        queue(person, count=3)
    add_worker()
    with CaptureQueriesContext(
        connection,
    ) as of_one:
        waiting_places({alice.pk})
    with CaptureQueriesContext(connection) as of_all:
        places = waiting_places({person.pk for person in (alice, *people)})
    assert len(of_all) == len(of_one) <= 6
    assert not any("recipe_json" in query["sql"] for query in of_all.captured_queries)
    assert sorted(place["place"] for mine in places.values() for place in mine) == list(range(1, 19))


@pytest.mark.asyncio
async def test_a_handshake_does_not_wait_for_the_looks_of_others(
    alice: User, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(owners: set[int]) -> dict[int, Any]:
        time.sleep(2)
        return {}

    monkeypatch.setattr("generation.web.live.lines.waiting_places", slowly)
    _, session = await database_sync_to_async(sign_in)(alice)
    line = line_of(session)
    await line.connect()
    await asyncio.sleep(0.1)
    _, other = await database_sync_to_async(sign_in)(charlie)
    strangers = line_of(other)
    begun = time.monotonic()
    await strangers.connect()
    await strangers.receive_output(timeout=5)
    assert time.monotonic() - begun < 0.5
    for each in (line, strangers):
        await each.disconnect()
