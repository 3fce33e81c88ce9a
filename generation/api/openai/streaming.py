"""One picture as server-sent events: partial ones out of the live previews, then the picture, or why there is none."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from PIL import Image

from accounts.refusals import NotAllowed, Refusal
from generation.api.feeds import JobFeed, event_text
from generation.api.openai.answers import encoded, facts, pictures_of, usage
from generation.api.openai.asking import Asked
from generation.api.openai.errors import error_of
from generation.api.repeats import Submission, delivered
from generation.imaging.encode import encode_image
from generation.messages.frames import Frame
from generation.messages.threads import in_thread
from generation.models import Job
from generation.models.images import kept_image

PARTIAL, COMPLETED = "partial_image", "completed"
LOOK_EVERY_SECONDS = 5.0
KEEP_ALIVE = b": still at it\n\n"
KEEP_ALIVE_SECONDS = 10.0
"""Gateways close a stream that says nothing for a minute."""


@dataclass(slots=True)
class Partials:
    """Which frames become partial pictures: at most `most`, spread evenly over the steps."""

    most: int
    sent: int = 0

    def take(self, frame: Frame) -> int | None:
        """The index of the partial picture that this frame is; None where it is none."""
        due = frame.step * (self.most + 1) >= frame.total * (self.sent + 1)
        if not (frame.picture and due and self.sent < self.most and frame.step < frame.total):
            return None
        self.sent += 1
        return self.sent - 1


class PictureStream:
    """The body of the answer. The job goes on when the client goes away: sent again, the request joins it."""

    def __init__(self, feed: JobFeed, submission: Submission, asked: Asked, seconds: float) -> None:
        self.feed, self.submission, self.asked = feed, submission, asked
        self.job = submission.jobs[0]
        self.partials = Partials(asked.said["partial_images"])
        self.until = time.monotonic() + seconds
        self.spoke_at = self.looked_at = time.monotonic()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async with self.feed as feed:
            self.job = await in_thread(job_now, self.job.pk)
            while feed.is_open and self.job.is_unfinished and time.monotonic() < self.until:
                await feed.hear(LOOK_EVERY_SECONDS)
                if (said := await self.said_meanwhile()) is not None:
                    self.spoke_at = time.monotonic()
                    yield said
                if feed.take_changed() or time.monotonic() - self.looked_at >= LOOK_EVERY_SECONDS:
                    self.looked_at = time.monotonic()
                    self.job = await in_thread(job_now, self.job.pk)
            is_allowed = feed.is_open
        try:
            yield await sync_to_async(self.end)(is_allowed)
        except Refusal as refusal:
            yield event_text("error", error_of(refusal))
        else:
            await delivered(self.submission)

    def close(self) -> None:
        """By Django, in a thread, when it is over."""
        self.feed.leave()

    async def said_meanwhile(self) -> bytes | None:
        """A partial picture where one is due, or a sign of life."""
        for frame in map(Frame.from_bytes, self.feed.take_frames().values()):
            if (index := self.partials.take(frame)) is not None:
                return event_text(self.event(PARTIAL), await sync_to_async(self.partial)(frame, index))
        return KEEP_ALIVE if time.monotonic() - self.spoke_at >= KEEP_ALIVE_SECONDS else None

    def partial(self, frame: Frame, index: int) -> dict[str, Any]:
        """A preview as large as the picture will be, and in its format."""
        recipe, delivery = self.job.recipe, self.asked.delivery
        with Image.open(io.BytesIO(frame.picture), formats=("JPEG",)) as preview:
            large = preview.resize((recipe.width, recipe.height), Image.Resampling.BICUBIC)
        data = encode_image(large, delivery.format, quality=delivery.quality)
        return {
            "type": self.event(PARTIAL),
            "b64_json": base64.b64encode(data).decode(),
            "partial_image_index": index,
            "created_at": int(time.time()),
            **facts(self.job, delivery, self.asked.said),
        }

    def end(self, is_allowed: bool) -> bytes:
        """The last event. Raises Refusal where there is no picture, or the token has ended meanwhile."""
        if not is_allowed:
            raise NotAllowed("no-longer-allowed", "What this request was allowed by has ended meanwhile.")
        (job,) = pictures_of([self.job])
        image = kept_image(job)
        assert image is not None  # of `pictures_of`
        completed = {
            "type": self.event(COMPLETED),
            "b64_json": encoded(image, self.asked.delivery),
            "created_at": int(time.time()),
            "usage": usage([job]),
            **facts(job, self.asked.delivery, self.asked.said),
        }
        return event_text(self.event(COMPLETED), completed)

    def event(self, kind: str) -> str:
        return f"{self.asked.streams_as}.{kind}"


def job_now(key: int) -> Job:
    return Job.objects.select_related("image").get(pk=key)
