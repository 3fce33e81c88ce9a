"""`?wait=30`: the answer about a job comes when it has ended, or after so many seconds as it stands then.

No thread and no connection of the database waits along: the answer is one that streams, and is sent as a whole.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator

from django.http import StreamingHttpResponse
from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from accounts.refusals import Refusal
from generation.api.access import user_of
from generation.api.feeds import JobFeed, let_connections_go
from generation.api.native.serializers import JobOutput
from generation.api.streams import caller_of, streams
from generation.messages.threads import in_thread
from generation.models import Job

LONGEST_WAIT = 60
LOOK_EVERY_SECONDS = 5.0
WAIT = OpenApiParameter(
    "wait",
    {"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT},
    description="Seconds to wait for the end of the job. If what lets you ask ends meanwhile, the body is a problem.",
)
NO_LONGER_ALLOWED = {
    "type": "/api/problems/no-longer-allowed",
    "title": "Unauthorized",
    "status": 401,
    "code": "no-longer-allowed",
    "detail": "What this request was allowed by has ended meanwhile.",
}
"""In the body alone: by then the status has been sent."""


def seconds_to_wait(request: Request) -> int:
    text = request.query_params.get("wait", "0")
    if not text.isascii() or not text.isdigit() or int(text[:4]) > LONGEST_WAIT:
        raise Refusal("bad-wait", f"What is waited is 0 to {LONGEST_WAIT} seconds.", field="wait")
    return int(text)


def answer_later(request: Request, job: Job, seconds: int) -> StreamingHttpResponse:
    """The job once it has ended, or as it stands after so many seconds."""
    owner_id = user_of(request).pk
    streams.check_room(owner_id)
    feed = JobFeed(caller_of(request), owner_id, job.code)
    let_connections_go()
    response = StreamingHttpResponse(_waited_for(feed, seconds), content_type="application/json")
    patch_cache_control(response, private=True, no_store=True)
    return response


async def _waited_for(feed: JobFeed, seconds: int) -> AsyncIterator[bytes]:
    async with feed:
        may_wait = feed.is_open  # it may not where many came at once
        until = time.monotonic() + seconds
        while feed.is_open and time.monotonic() < until and not await in_thread(has_ended, feed.only):
            await _next_change(feed, until)
        fell = may_wait and not feed.is_open
    yield json.dumps(NO_LONGER_ALLOWED).encode() if fell else await in_thread(rendered, feed.only)


async def _next_change(feed: JobFeed, until: float) -> None:
    """Until a hint says that it is worth looking, or it is time to look anyway; frames say no such thing."""
    look_at = min(until, time.monotonic() + LOOK_EVERY_SECONDS)
    while feed.is_open and not feed.take_changed() and (left := look_at - time.monotonic()) > 0:
        await feed.hear(left)
        feed.take_frames()


def has_ended(code: str) -> bool:
    return not Job.objects.filter(code=code, state__in=Job.UNFINISHED).exists()


def rendered(code: str) -> bytes:
    """The job as JSON; null where it was deleted meanwhile."""
    job = Job.objects.filter(code=code).select_related("image").first()
    return bytes(JSONRenderer().render(JobOutput(job).data if job else None))
