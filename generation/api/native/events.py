"""Server-Sent Events: what becomes of one job, or of all of a person's, told until it has ended or nobody listens.

An event's id says from when on its reader knows all; sent back as `Last-Event-ID` it has told what was missed since,
as it stands by then. That is read from the rows, so nothing of it is lost with the process or the broker.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from generation.api.access import check_lengths, get_job, is_asked, user_of
from generation.api.feeds import JobFeed, event_text, events_answer
from generation.api.streams import caller_of, streams
from generation.messages.frames import Frame
from generation.messages.threads import in_thread
from generation.models import Job
from generation.models.images import kept_image

KEEP_ALIVE_SECONDS = 15.0
"""So long after the last word a comment is sent, and the rows are looked at for what no hint told."""
KNOWN_TO = re.compile(r"(\d{1,17})-(\d{1,9})")
CLOCK_SKEW = timedelta(seconds=5)
"""Rows are dated by the database, ids by this process: so much is told twice rather than never."""
MOST_RESUMED = 500
"""Newest first. Who was away for longer than that reads the list of jobs."""
PREVIEWS = OpenApiParameter("previews", bool, description="Also send the previews, as JPEG in base64.")
EVENT = {
    "type": "object",
    "description": "Each event. Lines that begin with a colon say no more than that the stream stands.",
    "properties": {
        "event": {"type": "string", "enum": ["job", "open", "progress", "preview", "end"]},
        "id": {"type": "string", "description": "Of what may be resumed after it."},
        "data": {"type": "string", "description": "A JSON object."},
    },
    "required": ["event", "data"],
}
RESUMED = "Last-Event-ID"
MOST_ID = 40
LAST_EVENT_ID = OpenApiParameter(
    RESUMED,
    {"type": "string", "maxLength": MOST_ID},
    OpenApiParameter.HEADER,
    description="The id of the last event that was read.",
)


@dataclass
class Place:
    """Up to where a reader knows all: a moment of this process, in microseconds, and the number of the last event."""

    moment: int
    number: int

    @classmethod
    def of(cls, text: str) -> Place | None:
        """None for what no stream ever sent."""
        match = KNOWN_TO.fullmatch(text)
        return cls(int(match[1]), int(match[2])) if match else None

    @property
    def since(self) -> datetime:
        return datetime.fromtimestamp(min(self.moment, now()) / 1e6, UTC) - CLOCK_SKEW


def now() -> int:
    return time.time_ns() // 1000


def job_line(job: Job) -> dict[str, Any]:
    image = kept_image(job)
    return {
        "code": job.code,
        "submission": job.submission,
        "position": job.position,
        "state": job.state,
        "image": reverse("api-image", args=[image.code]) if image else None,
        "error_code": job.error_code,
        "error_message": job.error_message,
    }


def lines_of(owner_id: int, which: Q) -> list[dict[str, Any]]:
    """The person's jobs among these, oldest first."""
    newest = Job.objects.of(owner_id).filter(which).select_related("image").order_by("-id")[:MOST_RESUMED]
    return [job_line(job) for job in reversed(list(newest))]


def missed(place: Place) -> Q:
    return Q(created_at__gte=place.since) | Q(started_at__gte=place.since) | Q(finished_at__gte=place.since)


class Telling:
    """What one reader is told, in numbered events."""

    def __init__(self, feed: JobFeed, place: Place | None, previews: bool) -> None:
        self.feed = feed
        self.resumed = place
        self.previews = previews
        self.number = place.number if place else 0
        self.states: dict[str, str] = {}
        """Of the unfinished jobs that this reader knows, the state it was told."""
        self.ended: dict[str, str] = {}
        """The same of the last jobs that have ended, so that a hint that comes twice is told once."""
        self.percents: dict[str, int] = {}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async with self.feed as feed:
            if not feed.is_open:
                yield event_text("end", {"reason": "too-many-streams"})
                return
            async for text in self.opening():
                yield text
            while feed.is_open and (not feed.only or self.states):
                heard = await feed.hear(KEEP_ALIVE_SECONDS)
                if not feed.is_open:
                    break
                frames = feed.take_frames()
                # What is being drawn and was never told of, its hint was lost.
                codes = feed.take_changed() | (frames.keys() - self.states.keys() - self.ended.keys())
                if codes or not heard:
                    for text in await self.look(Q(code__in=codes) if heard else self.all_watched()):
                        yield text
                for frame in map(Frame.from_bytes, frames.values()):
                    for text in self.frame_events(frame):
                        yield text
                if not heard:
                    yield b": keep-alive\n\n"
            ended = "ended" if feed.is_open else "no-longer-allowed"
            yield event_text("end", {"reason": ended})

    def close(self) -> None:
        """By Django, in a thread, when it is over."""
        self.feed.leave()

    async def opening(self) -> AsyncIterator[bytes]:
        """What stands when it opens; and of a stream that is resumed, what was missed."""
        yield b"retry: 2000\n\n"
        which = self.all_watched()
        if self.resumed and not self.feed.only:
            which |= missed(self.resumed)
        for text in await self.look(which):
            yield text
        if not self.feed.only:
            # Whoever has no job would else know nothing of where the stream stands.
            yield self.numbered("open", {"unfinished": sorted(self.states)}, now())

    def all_watched(self) -> Q:
        if self.feed.only:
            return Q(code=self.feed.only)
        return Q(state__in=Job.UNFINISHED) | Q(code__in=[*self.states])

    async def look(self, which: Q) -> list[bytes]:
        """Events of the jobs among these whose state this reader does not know."""
        moment = now()  # before the rows are read: what is written later, later events tell
        lines = await in_thread(lines_of, self.feed.owner_id, which)
        return [self.numbered("job", line, moment) for line in lines if self.is_news(line)]

    def is_news(self, line: dict[str, Any]) -> bool:
        code, state = line["code"], line["state"]
        if state in (self.states.get(code), self.ended.get(code)):
            return False
        if state in Job.UNFINISHED:
            self.states[code] = state
            self.ended.pop(code, None)
        else:
            self.states.pop(code, None)
            self.percents.pop(code, None)
            self.ended[code] = state
            if len(self.ended) > MOST_RESUMED:
                del self.ended[next(iter(self.ended))]
        return True

    def numbered(self, name: str, data: dict[str, Any], moment: int) -> bytes:
        self.number += 1
        return event_text(name, {"number": self.number, **data}, known=f"{moment}-{self.number}")

    def frame_events(self, frame: Frame) -> Iterable[bytes]:
        """How far a running job is. These have no id: nobody misses one that is older than the next."""
        if frame.code not in self.states:
            return
        progress = {
            "code": frame.code, "percent": frame.percent, "step": frame.step, "total": frame.total,
            "seconds_left": round(frame.seconds_left, 1),
        }  # fmt: skip
        if self.percents.get(frame.code) != frame.percent:
            self.percents[frame.code] = frame.percent
            yield event_text("progress", progress)
        if self.previews and frame.picture:
            yield event_text("preview", {**progress, "jpeg": base64.b64encode(frame.picture).decode()})


class _Events(APIView):
    scope = "read"

    def told(self, request: Request, job: Job | None) -> HttpResponseBase:
        user = user_of(request)
        check_lengths(request.headers, [RESUMED], MOST_ID)
        place = Place.of(request.headers.get(RESUMED, ""))
        if request.method == "HEAD":
            return HttpResponse(content_type="text/event-stream")
        if job and place and job.finished_at and job.finished_at < place.since:
            return HttpResponse(status=204)  # which tells a browser not to come again
        streams.check_room(user.pk)
        feed = JobFeed(caller_of(request), user.pk, job.code if job else "")
        previews = is_asked(request, "previews")
        return events_answer(Telling(feed, place, previews))


class JobEventsView(_Events):
    """What becomes of one job of yours, as Server-Sent Events, until it has ended.

    Events: `job` (its state, with `image` once it is done), `progress`, `preview` if asked for, `end`.
    """

    @extend_schema(
        operation_id="jobs_events",
        parameters=[PREVIEWS, LAST_EVENT_ID],
        responses={(200, "text/event-stream"): EVENT, 204: OpenApiResponse(description="It ended before that event.")},
    )
    def get(self, request: Request, code: str) -> HttpResponseBase:
        return self.told(request, get_job(request, code))


class AllEventsView(_Events):
    """What becomes of all your jobs, as Server-Sent Events, for as long as you listen.

    It begins with a `job` of each unfinished one, and `open`; then as `jobs_events`.
    """

    @extend_schema(
        operation_id="jobs_events_all",
        parameters=[PREVIEWS, LAST_EVENT_ID],
        responses={(200, "text/event-stream"): EVENT},
    )
    def get(self, request: Request) -> HttpResponseBase:
        return self.told(request, None)
