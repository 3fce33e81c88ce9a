"""The live line of programs: the same events and frames as a page's, in messages with a version, a number and a cursor.

The messages are documented on the help page; a change that breaks a reader needs another VERSION.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from django.urls import path, re_path
from django.utils import timezone

from generation.messages.counters import counters
from generation.messages.frames import Frame
from generation.messages.threads import in_thread
from generation.models import Job
from generation.web.live.consumers import JobsConsumer, Nowhere
from generation.web.live.lines import Rate
from generation.web.live.reading import frames_of, job_of, missed

VERSION = 1
BAD_VERSION = 4400
OVERLAP = timedelta(seconds=30)
"""A resumed line begins so much earlier: clocks of machines differ, and a transaction may end after its own time."""
PINGS, PINGS_SECONDS = 20, 10.0
LONGEST_MESSAGE = 1024


class ProgramsConsumer(JobsConsumer):
    """One line of one program. Frames wait for its acks as a page's do, so that who never reads costs no memory."""

    async def open(self) -> None:
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        self.sequence = 0
        self.pings = Rate(PINGS, PINGS_SECONDS)
        self.wants_pictures = query.get("previews", ["1"])[-1] != "0"
        self.since = moment_of(query.get("cursor", [""])[-1])
        if query.get("v", [str(VERSION)])[-1] != str(VERSION):
            await self.end(BAD_VERSION, f"Messages of version {VERSION} are spoken here.")
            return
        await super().open()

    async def show_snapshot(self, owner_id: int) -> None:
        jobs, whole = await in_thread(missed, owner_id, self.since)
        await self.tell("snapshot", jobs=jobs, complete=whole)
        running = [job["code"] for job in jobs if job["state"] == Job.State.RUNNING]
        for frame in await in_thread(frames_of, running):
            await self.frame(frame.code, frame.to_bytes())
        await self.send_waiting()

    async def job_changed(self, event: dict[str, Any]) -> None:
        """A channel-layer event of this person's group. The row is read: the program then need not ask for it."""
        job = await in_thread(job_of, self.sign_in.owner_id, event["code"])
        if job is not None:
            await self.tell("job", job=job)

    async def show_places(self, places: list[dict[str, Any]]) -> None:
        if places != self.places and self.sequence:
            self.places = places
            await self.tell("places", jobs=places)

    async def frame(self, code: str, data: bytes) -> None:
        """A frame from the hub; without its picture for who wants to know the percent alone."""
        if not self.wants_pictures:
            data = replace(Frame.from_bytes(data), picture=b"").to_bytes()
        if code in self.waiting:
            counters.add("previews_dropped", "reader-behind")
        self.waiting[code] = data
        if self.sequence:  # the snapshot comes first of all
            await self.send_waiting()

    async def heard(self, text: str | None) -> bool:
        kind = kind_of(text)
        if kind == "ping" and not self.pings.exceeded():
            await self.tell("pong")
            return True
        if kind != "ack" or not self.unacked:
            return False
        self.unacked -= 1
        await self.send_waiting()
        return True

    async def tell(self, kind: str, **content: Any) -> None:
        """One message. Its cursor resumes a line after it; its number says whether one was lost on the way."""
        if self.ended:
            return
        self.sequence += 1
        cursor = str(int(timezone.now().timestamp() * 1000))
        head = {"v": VERSION, "seq": self.sequence, "cursor": cursor, "type": kind}
        await self.send(text_data=json.dumps({**head, **content}))


def moment_of(cursor: str) -> datetime | None:
    """From when on a resumed line tells; None for a cursor that is none, which begins anew."""
    # Thirteen digits are milliseconds of this age; more would be no date.
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 13):
        return None
    return datetime.fromtimestamp(int(cursor) / 1000, UTC) - OVERLAP


def kind_of(text: str | None) -> str:
    """The `type` of a message of a program; empty for what is none."""
    if text is None or len(text) > LONGEST_MESSAGE:
        return ""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return str(message.get("type", "")) if isinstance(message, dict) else ""


program_urlpatterns = [path("ws/jobs/", ProgramsConsumer.as_asgi()), re_path("", Nowhere.as_asgi())]
