"""The job feed of the Create page: tiles, grouped by submission. Plain values, ready for the template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from accounts.models import User
from generation.jobs import queueing
from generation.messages import frames
from generation.models import GeneratedImage, Job
from generation.recipes.picture import Recipe

SUBMISSIONS_SHOWN = 12
JOBS_LOOKED_AT = 128
READ = (
    *("code", "owner", "submission", "position", "recipe_json", "prompt", "checkpoint_sha256", "state", "credits"),
    *("cancel_cost", "virtual_start", "error_message", "created_at"),
    *("image__job", "image__code", "image__width", "image__height", "image__prompt", "image__deleted_at"),
    "image__rating",
)
"""What tiles and their places in the queue are made of; the rest of a row takes as long to read again."""
PLACES_SHOWN = 16
"""Of so many waiting jobs the page says place and estimate, which cost a query each; the live line tells more."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture on its way or made, as the tile partial wants it: place while queued, figures while running."""

    code: str
    state: str
    width: int
    height: int
    image: GeneratedImage | None = None
    error_message: str = ""
    credits: int = 0
    cancel_cost: int = 0
    place: int = 0
    waiting_reason: str = ""
    percent: int = 0
    step: int = 0
    total: int = 0
    seconds_left: float = 0.0
    note: str = ""
    """What a running one waits for."""
    has_preview: bool = False
    source: str = ""
    """The code of the picture that it starts from."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The tiles of one press of the button."""

    code: str
    prompt: str
    recipe: Recipe
    created_at: datetime
    first_job: str
    tiles: Sequence[Tile]

    @property
    def is_waiting(self) -> bool:
        return any(tile.state in Job.UNFINISHED for tile in self.tiles)


def job_feed_of(user: User) -> list[Submission]:
    """The newest submissions, newest first; pictures that their owner deleted are gone from it."""
    rows = Job.objects.of(user).select_related("image").only(*READ)
    jobs = list(rows.newest()[:JOBS_LOOKED_AT])
    newest = list(dict.fromkeys(job.submission for job in jobs))[:SUBMISSIONS_SHOWN]
    return submissions_of([job for job in jobs if job.submission in newest])


def submissions_of(jobs: Iterable[Job]) -> list[Submission]:
    kept = [job for job in jobs if not is_deleted(job)]
    tiles = {tile.code: tile for tile in tiles_of(kept)}
    kept.sort(key=lambda job: (job.created_at, job.submission), reverse=True)
    order = {code: place for place, code in enumerate(dict.fromkeys(job.submission for job in kept))}
    kept.sort(key=lambda job: (order[job.submission], job.position))
    return [
        Submission(
            code,
            first.prompt,
            first.recipe,
            first.created_at,
            first.code,
            [tiles[job.code] for job in (first, *others)],
        )
        for code, (first, *others) in groupby(kept, key=lambda job: job.submission)
    ]


def is_deleted(job: Job) -> bool:
    image = image_of(job)
    return image is not None and image.deleted_at is not None


def image_of(job: Job) -> GeneratedImage | None:
    return getattr(job, "image", None)


def tiles_of(jobs: Sequence[Job]) -> list[Tile]:
    """Tiles of the jobs, in the order given."""
    waiting = [job for job in jobs if job.state == Job.State.QUEUED]
    first = sorted(waiting, key=lambda job: (job.virtual_start, job.pk))[:PLACES_SHOWN]
    waits = queueing.waits(first)
    return [_tile(job, waits.get(job.pk)) for job in jobs]


def _tile(job: Job, wait: queueing.Wait | None) -> Tile:
    frame = frames.last_frame(job.code) if job.state == Job.State.RUNNING else None
    enlarge = job.recipe_json.get("enlarge")
    shape = enlarge["source"] if enlarge else job.recipe_json
    return Tile(
        code=job.code,
        state=job.state,
        width=shape["width"],
        height=shape["height"],
        image=image_of(job),
        error_message=job.error_message,
        credits=job.credits,
        cancel_cost=job.cancel_cost,
        place=wait.place if wait else 0,
        waiting_reason=wait.reason if wait else "",
        percent=frame.percent if frame else 0,
        step=frame.step if frame else 0,
        total=frame.total if frame else 0,
        seconds_left=frame.seconds_left if frame else 0.0,
        note=frame.note if frame else "",
        has_preview=bool(frame and frame.picture),
        source=_source_of(job.recipe_json.get("start") or enlarge),
    )


def _source_of(begun: dict[str, Any] | None) -> str:
    return str(begun["source"]["code"] or begun["source"]["sha256"]) if begun else ""
