"""Server-Sent Events: what stands first, then what changes; resumed, closed with the token, and one's own alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.test import AsyncClient

from accounts.models import ApiToken, User
from generation.api.native import events
from generation.api.streams import STREAMS_A_PERSON, streams
from generation.jobs.lifecycle import cancel_job
from generation.jobs.queueing import claim_next
from generation.messages import frames
from generation.messages.job_hints import hub
from generation.models import Job
from tests.generation.conftest import Queue

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
ALL = "/api/v1/jobs/events"

in_db = database_sync_to_async


async def token_of(user: User) -> str:
    _, key = await in_db(ApiToken.objects.create)(user=user, name="laptop")
    return str(key)


async def ask(key: str, address: str, **headers: str) -> Any:
    answer = await AsyncClient().get(address, headers={"Authorization": f"Bearer {key}", **headers})
    await in_db(lambda: None)()  # which closes what the request has opened
    return answer


class Told:
    """What a reader of a stream reads, one event after the other; `async with` leaves it in its midst."""

    def __init__(self, response: Any) -> None:
        assert response.status_code == 200 and response["Content-Type"] == "text/event-stream"
        self.response = response
        self.pieces: AsyncIterator[bytes] = aiter(response.streaming_content)
        self.last_id = ""

    async def __aenter__(self) -> Told:
        return self

    async def __aexit__(self, *error: object) -> None:
        """As the handler does when its reader has gone."""
        await sync_to_async(self.response.close)()
        for _ in range(100):
            if not any(streams._of.values()):
                return
            await asyncio.sleep(0.02)

    async def event(self, *names: str) -> tuple[str, dict[str, Any]]:
        """The next event of one of these names."""
        while True:
            text = (await asyncio.wait_for(anext(self.pieces), 5)).decode()
            fields = dict(line.split(": ", 1) for line in text.strip().splitlines() if not line.startswith(":"))
            self.last_id = fields.get("id", self.last_id)
            if fields.get("event") in names:
                return fields["event"], json.loads(fields["data"])

    async def rest(self) -> list[str]:
        return [piece.decode() async for piece in self.pieces]


async def test_all_that_is_unfinished_comes_first_and_then_what_changes(alice: User, queue: Queue) -> None:
    first, second = await in_db(queue)(alice, count=2)
    response = await ask(await token_of(alice), ALL)
    assert response["Cache-Control"] == "private, no-store" and response["X-Accel-Buffering"] == "no"
    async with Told(response) as told:
        begun = [(await told.event("job"))[1]["code"] for _ in range(2)]
        assert begun == [first.code, second.code]
        assert (await told.event("open"))[1]["unfinished"] == sorted(begun)
        await in_db(cancel_job)(second)
        _, line = await told.event("job")
        assert (line["code"], line["state"], line["image"], line["number"]) == (second.code, "cancelled", None, 4)


async def test_progress_and_previews_by_choice(alice: User, queue: Queue) -> None:
    await in_db(queue)(alice)
    job = await in_db(claim_next)("w")
    assert job is not None
    key = await token_of(alice)
    for asked, names in (("", ["progress", "progress"]), ("?previews=1", ["progress", "preview"])):
        async with Told(await ask(key, f"/api/v1/jobs/{job.code}/events{asked}")) as told:
            await told.event("job")
            heard = []
            for percent in (30, 31):
                await in_db(frames.publish_frame)(alice.pk, frames.Frame(job.code, percent, 6, 20, 1.5, b"jpeg"))
                heard.append((await told.event("progress", "preview"))[0])
            assert heard == names


async def test_the_stream_of_a_job_ends_with_it(alice: User, queue: Queue) -> None:
    (job,) = await in_db(queue)(alice)
    key = await token_of(alice)
    told = Told(await ask(key, f"/api/v1/jobs/{job.code}/events"))
    assert (await told.event("job"))[1]["state"] == "queued"
    await in_db(cancel_job)(job)
    assert (await told.event("job"))[1]["state"] == "cancelled"
    assert (await told.event("end"))[1] == {"reason": "ended"}
    assert await told.rest() == []
    again = Told(await ask(key, f"/api/v1/jobs/{job.code}/events"))
    assert (await again.event("job"))[1]["state"] == "cancelled"
    assert (await again.event("end"))[1] == {"reason": "ended"}


async def test_who_knows_its_end_is_told_to_stay_away(alice: User, queue: Queue) -> None:
    (job,) = await in_db(queue)(alice)
    await in_db(cancel_job)(job)
    later = events.now() + 60_000_000
    answer = await ask(await token_of(alice), f"/api/v1/jobs/{job.code}/events", **{"Last-Event-ID": f"{later}-7"})
    # A moment that has not come is taken for now, which is too soon after the end to be sure.
    assert answer.status_code == 200
    await in_db(Job.objects.update)(finished_at=job.created_at - events.CLOCK_SKEW * 2)
    answer = await ask(await token_of(alice), f"/api/v1/jobs/{job.code}/events", **{"Last-Event-ID": f"{later}-7"})
    assert answer.status_code == 204


async def test_what_was_missed_is_told_when_it_is_resumed(alice: User, queue: Queue) -> None:
    jobs = await in_db(queue)(alice, count=2)
    key = await token_of(alice)
    async with Told(await ask(key, ALL)) as told:
        await told.event("open")
    await in_db(cancel_job)(jobs[0])
    async with Told(await ask(key, ALL, **{"Last-Event-ID": told.last_id})) as again:
        states = {}
        for _ in jobs:
            _, line = await again.event("job")
            states[line["code"]] = line["state"]
        assert states == {jobs[0].code: "cancelled", jobs[1].code: "queued"}
        assert line["number"] == int(told.last_id.partition("-")[2]) + 2


@pytest.mark.parametrize("place", ["", "x", "1", "-1", "99999999999999999-1", "1" * 40, "0-0", "1-1\n"])
async def test_an_id_that_no_stream_gave_begins_anew(alice: User, queue: Queue, place: str) -> None:
    await in_db(queue)(alice)
    async with Told(await ask(await token_of(alice), ALL, **{"Last-Event-ID": place.strip()})) as told:
        await told.event("open")


async def test_a_hint_that_was_lost_is_made_up_for(alice: User, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEEP_ALIVE_SECONDS", 0.2)
    (job,) = await in_db(queue)(alice)
    async with Told(await ask(await token_of(alice), f"/api/v1/jobs/{job.code}/events")) as told:
        await told.event("job")
        assert (await asyncio.wait_for(anext(told.pieces), 5)) == b": keep-alive\n\n"
        await in_db(Job.objects.filter(pk=job.pk).update)(state=Job.State.FAILED, error_code="broken")
        _, line = await told.event("job")
        assert (line["state"], line["error_code"]) == ("failed", "broken")


async def test_a_removed_token_ends_its_streams_within_a_second(alice: User, queue: Queue) -> None:
    await in_db(queue)(alice)
    removed, kept = await token_of(alice), await token_of(alice)
    first, second = Told(await ask(removed, ALL)), Told(await ask(kept, ALL))
    await first.event("open")
    await second.event("open")
    await in_db(ApiToken.objects.filter(token_key=removed[:15]).delete)()
    assert (await asyncio.wait_for(first.event("end"), 1))[1] == {"reason": "no-longer-allowed"}
    assert await first.rest() == []
    (job,) = await in_db(queue)(alice)
    assert (await second.event("job"))[1]["code"] == job.code
    await second.__aexit__()


async def test_a_person_has_so_many_and_no_more(alice: User, charlie: User) -> None:
    key = await token_of(alice)
    opened = [Told(await ask(key, ALL)) for _ in range(STREAMS_A_PERSON)]
    for each in opened:
        await each.event("open")
    refused = await ask(key, ALL)
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-streams")
    assert refused["Retry-After"] == "5" and refused["Content-Type"] == "application/problem+json"
    others = Told(await ask(await token_of(charlie), ALL))
    await others.event("open")
    for each in [*opened, others]:
        await sync_to_async(each.response.close)()
    await others.__aexit__()
    assert not streams._of and not hub.viewers


async def test_nobody_hears_of_a_job_of_somebody_else(alice: User, charlie: User, queue: Queue) -> None:
    (job,) = await in_db(queue)(alice)
    key = await token_of(charlie)
    assert (await ask(key, f"/api/v1/jobs/{job.code}/events")).status_code == 404
    async with Told(await ask(key, ALL)) as told:
        assert (await told.event("job", "open"))[1]["unfinished"] == []
        await in_db(cancel_job)(job)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(told.event("job"), 0.5)


async def test_it_is_answered_when_the_job_has_ended(alice: User, queue: Queue) -> None:
    (job,) = await in_db(queue)(alice)
    key = await token_of(alice)

    async def wait(seconds: int) -> dict[str, Any]:
        response = await ask(key, f"/api/v1/jobs/{job.code}?wait={seconds}")
        assert response.status_code == 200
        return json.loads(b"".join([piece async for piece in response.streaming_content]))  # type: ignore[no-any-return]

    assert (await asyncio.wait_for(wait(1), 5))["state"] == "queued"
    waiting = asyncio.create_task(wait(30))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await in_db(cancel_job)(job)
    assert (await asyncio.wait_for(waiting, 5))["state"] == "cancelled"
    ended = await ask(key, f"/api/v1/jobs/{job.code}?wait=30")
    assert ended.json()["state"] == "cancelled"


@pytest.mark.parametrize("wait", ["61", "-1", "x", "1.5", "9" * 50, "٣"])
async def test_a_wait_that_is_none(alice: User, queue: Queue, wait: str) -> None:
    (job,) = await in_db(queue)(alice)
    answer = await ask(await token_of(alice), f"/api/v1/jobs/{job.code}?wait={wait}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-wait")


async def test_who_waits_with_a_token_that_is_removed_learns_nothing(alice: User, queue: Queue) -> None:
    (job,) = await in_db(queue)(alice)
    key = await token_of(alice)
    response = await ask(key, f"/api/v1/jobs/{job.code}?wait=30")

    async def read() -> dict[str, Any]:
        return json.loads(b"".join([piece async for piece in response.streaming_content]))  # type: ignore[no-any-return]

    waiting = asyncio.create_task(read())
    await asyncio.sleep(0.3)
    await in_db(ApiToken.objects.all().delete)()
    assert (await asyncio.wait_for(waiting, 1.5))["code"] == "no-longer-allowed"
