"""What is answered: pictures as OpenAI sends them, or why there is none."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework.request import Request

from accounts.refusals import Conflict, Refusal
from generation.api.openai.asking import Delivery
from generation.api.openai.links import address_of
from generation.api.outcomes import StillDrawn, failure_of
from generation.models import GeneratedImage, Job
from generation.models.images import kept_image
from generation.storage.downloads import file_bytes

State = Job.State
SAME_QUALITY = {"auto": "medium", "standard": "medium", "hd": "high"}
"""Qualities that may be asked for -> those that OpenAI's answers have, where they have not the same."""


def pictures_of(jobs: Sequence[Job]) -> list[Job]:
    """Of jobs that were waited for those that have a picture. Raises Refusal where there is none, or one is undone."""
    if any(job.is_unfinished for job in jobs):
        raise StillDrawn("still-drawn", "The picture is still being drawn. Ask the same again to wait for it.")
    done = [job for job in jobs if kept_image(job) is not None]
    if not done:
        raise why_not(jobs[0])
    return done


def why_not(job: Job) -> Refusal:
    if job.state == State.FAILED:
        return failure_of(job)
    if job.state == State.CANCELLED:
        return Conflict("cancelled", "The picture was cancelled.")
    return Conflict("picture-deleted", "The picture was deleted.")


def answer(
    request: Request, jobs: Sequence[Job], prompt: str | None, delivery: Delivery, said: Mapping[str, Any]
) -> Any:
    """The body of an answer with the pictures of these jobs; `prompt` as it was asked for, None where nobody did."""
    return {
        "created": int(jobs[0].created_at.timestamp()),
        "data": [picture(request, job, prompt, delivery) for job in jobs],
        "usage": usage(jobs),
        **facts(jobs[0], delivery, said),
        **({"safety_identifier": said["safety_identifier"]} if said.get("safety_identifier") else {}),
    }


def picture(request: Request, job: Job, prompt: str | None, delivery: Delivery) -> dict[str, str]:
    image = kept_image(job)
    assert image is not None  # of `pictures_of`
    shown = {"url": address_of(request, image, delivery)} if delivery.as_url else {"b64_json": encoded(image, delivery)}
    # Choices and wildcards are drawn, and words of a style come in.
    return shown if job.prompt == prompt else {**shown, "revised_prompt": job.prompt}


def encoded(image: GeneratedImage, delivery: Delivery) -> str:
    return base64.b64encode(file_bytes(image, delivery.format, delivery.quality)).decode()


def facts(job: Job, delivery: Delivery, said: Mapping[str, Any]) -> dict[str, str]:
    """What answers and events say of the picture beside it."""
    quality = said.get("quality", "auto")
    recipe = job.recipe
    return {
        "size": f"{recipe.width}x{recipe.height}",
        "quality": SAME_QUALITY.get(quality, quality),
        "background": "opaque",
        "output_format": delivery.format,
    }


def usage(jobs: Sequence[Job]) -> dict[str, Any]:
    """Tokens are counted nowhere here; what was paid is said in this site's credits."""
    return {
        "input_tokens": 0,
        "input_tokens_details": {"text_tokens": 0, "image_tokens": 0},
        "output_tokens": 0,
        "total_tokens": 0,
        "credits": sum(job.credits for job in jobs),
    }
