"""The live line of programs: numbered messages with a cursor, frames by choice, and what was missed after a break."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.utils import timezone
from knox.models import get_token_model

from accounts.credits import grant
from accounts.models import ApiToken, User
from accounts.tokens import TokenSignIn
from generation.jobs import lifecycle
from generation.jobs.queueing import claim_next
from generation.messages import frames
from generation.models import Job
from generation.web.live.consumers import STRAYS
from generation.web.live.lines import SIGNED_OUT, TOO_MANY
from generation.web.live.programs import BAD_VERSION, OVERLAP, ProgramsConsumer, kind_of, moment_of
from tests.generation.conftest import Draw, Queue

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

in_database = database_sync_to_async


def token_of(user: User) -> TokenSignIn:
    token, _ = get_token_model().objects.create(user=user)
    return TokenSignIn(token.digest, user.pk)


class Program:
    """A program's end of the line."""

    def __init__(self, user: User, query: str = "") -> None:
        self.line = WebsocketCommunicator(ProgramsConsumer.as_asgi(), f"/ws/jobs/{query}")
        self.user = user
        self.heard: list[dict[str, Any]] = []

    async def open(self) -> dict[str, Any]:
        self.line.scope["sign_in"] = await in_database(token_of)(self.user)
        await self.line.connect()
        return await self.message("snapshot")

    async def message(self, kind: str) -> dict[str, Any]:
        while not (found := [message for message in self.heard if message["type"] == kind]):
            received = await self.line.receive_from(timeout=5)
            self.heard += [json.loads(received)] if isinstance(received, str) else []
        self.heard.remove(found[0])
        return found[0]

    async def frame(self) -> frames.Frame:
        while isinstance(received := await self.line.receive_from(timeout=5), str):
            pass
        return frames.Frame.from_bytes(received)

    async def say(self, kind: str) -> None:
        await self.line.send_to(text_data=json.dumps({"type": kind}))

    async def closed(self) -> int:
        while (received := await self.line.receive_output(timeout=5))["type"] != "websocket.close":
            pass
        return int(received["code"])


def publish(owner: User, code: str, step: int) -> None:
    frames.publish_frame(owner.pk, frames.Frame(code, step, step, 100, 1.0, b"x"))


async def test_each_message_has_a_version_a_number_and_a_cursor(alice: User, queue: Queue) -> None:
    (job,) = await in_database(queue)(alice)
    program = Program(alice)
    first = await program.open()
    assert (first["v"], first["seq"], first["complete"]) == (1, 1, True) and moment_of(first["cursor"])
    assert first["jobs"] == [
        {
            "code": job.code, "submission": job.submission, "state": "queued", "error_code": "",
            "error_message": "", "image": None,
        }
    ]  # fmt: skip
    await in_database(lifecycle.cancel_job)(job)
    changed = await program.message("job")
    assert changed["seq"] > 1 and changed["job"]["state"] == "cancelled"
    await program.line.disconnect()


async def test_the_picture_of_a_done_job_is_named(alice: User, draw: Draw) -> None:
    program = Program(alice)
    await program.open()
    image = await in_database(draw)(alice)
    while (changed := await program.message("job"))["job"]["state"] != "done":
        pass
    assert changed["job"]["image"] == image.code
    await program.line.disconnect()


async def test_who_comes_back_is_told_what_was_missed(alice: User, charlie: User, draw: Draw) -> None:
    program = Program(alice)
    cursor = (await program.open())["cursor"]
    await program.line.disconnect()
    image = await in_database(draw)(alice)
    await in_database(grant)(charlie, 100, reference="gift")
    await in_database(draw)(charlie)
    long_ago = await in_database(draw)(alice)
    before = timezone.now() - OVERLAP - timedelta(minutes=1)
    await in_database(Job.objects.filter(pk=long_ago.job_id).update)(finished_at=before)
    again = await Program(alice, f"?cursor={cursor}").open()
    assert [(job["state"], job["image"]) for job in again["jobs"]] == [("done", image.code)] and again["complete"]


async def test_a_line_without_a_cursor_begins_with_what_goes_on(alice: User, draw: Draw) -> None:
    await in_database(draw)(alice)
    assert (await Program(alice).open())["jobs"] == []


async def test_what_cannot_all_be_told_is_not_called_complete(
    alice: User, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.web.live.reading.RESUMED_AMONG", 2)
    images = [await in_database(draw)(alice) for _ in range(3)]
    cursor = str(int((timezone.now() - timedelta(hours=1)).timestamp() * 1000))
    first = await Program(alice, f"?cursor={cursor}").open()
    assert not first["complete"] and [job["image"] for job in first["jobs"]] == [image.code for image in images[1:]]


async def test_frames_wait_for_acks(alice: User) -> None:
    program = Program(alice)
    await program.open()
    for step in range(1, 7):
        await in_database(publish)(alice, "one", step)
        if step <= 2:
            assert (await program.frame()).step == step
    assert await program.line.receive_nothing(timeout=0.5)
    await program.say("ack")
    assert (await program.frame()).step == 6
    await program.line.disconnect()


async def test_frames_without_their_pictures(alice: User, queue: Queue) -> None:
    await in_database(queue)(alice)
    running = await in_database(claim_next)("w")
    assert running is not None
    await in_database(publish)(alice, running.code, 30)
    program = Program(alice, "?previews=0")
    await program.open()
    frame = await program.frame()
    assert (frame.percent, frame.picture) == (30, b"")
    await program.line.disconnect()


async def test_charlie_hears_nothing_of_alice(alice: User, charlie: User, queue: Queue) -> None:
    program = Program(charlie, "?cursor=0")
    assert (await program.open())["jobs"] == []
    (job,) = await in_database(queue)(alice)
    await in_database(publish)(alice, job.code, 1)
    assert await program.line.receive_nothing(timeout=1)
    await program.line.disconnect()


async def test_the_end_of_a_token_ends_its_line(alice: User) -> None:
    program = Program(alice)
    await program.open()
    await in_database(ApiToken.objects.all().delete)()
    assert await asyncio.wait_for(program.closed(), 2) == SIGNED_OUT


async def test_another_version_is_refused(alice: User) -> None:
    program = Program(alice, "?v=2")
    program.line.scope["sign_in"] = await in_database(token_of)(alice)
    await program.line.connect()
    assert await program.closed() == BAD_VERSION


async def test_a_ping_is_answered_and_much_nonsense_ends_the_line(alice: User) -> None:
    program = Program(alice)
    await program.open()
    await program.say("ping")
    assert (await program.message("pong"))["seq"] >= 2
    for _ in range(STRAYS + 1):
        await program.line.send_to(text_data='{"type": "dance"}')
    assert await program.closed() == TOO_MANY


async def test_what_messages_are() -> None:
    assert kind_of('{"type": "ack", "more": 1}') == "ack"
    for nothing in (None, "", "[]", "{", '"ack"', "[" * 2000, "{}" + " " * 2000):
        assert kind_of(nothing) == ""


async def test_what_cursors_are() -> None:
    for nothing in ("", "x", "-1", "1e9", "٣", "9" * 14, "1" * 40):
        assert moment_of(nothing) is None
    assert moment_of("0") is not None and moment_of("9" * 13) is not None
