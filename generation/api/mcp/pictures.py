"""Tools that make pictures and find them again. What happens to a job is the verbs' to say; this only asks for it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework.request import Request

from accounts.refusals import NotFound
from generation.api.access import get_image, token_of, user_of
from generation.api.mcp.parts import part_schemas
from generation.api.mcp.schemas import CODE, LORAS, field_schema, object_of
from generation.api.mcp.tool import Tool
from generation.api.native.serializers import SubmissionInput
from generation.jobs import queueing
from generation.jobs.finding import PictureFilters
from generation.jobs.submission import prepare_jobs, write_jobs
from generation.messages import frames
from generation.models import GeneratedImage, Job
from generation.models.images import kept_image
from generation.recipes.fields import COUNT, FIELDS
from generation.storage.downloads import CONTENT_TYPES, file_bytes

URI = "tempera://images/"
"""Before a picture's code: where an agent's client reads the whole file, through this server and with its token."""
MOST_SECONDS = 300
USUAL_SECONDS = 50
"""Many clients end a call after 60 s; who wants to wait for longer says so."""
WAIT = {
    "type": "integer",
    "minimum": 0,
    "maximum": MOST_SECONDS,
    "default": USUAL_SECONDS,
    "description": "Seconds to wait for the pictures. What is not ready by then is drawn all the same; ask `job` then.",
}
MOST_PICTURES = 50


class MakePicture(Tool):
    """Make pictures by a recipe, as the page and the rest of the API do it."""

    name = "make_picture"
    title = "Make pictures"
    description = (
        "Make one or several pictures from a text with Stable Diffusion, also from other pictures: change one or a "
        "part of it, keep the shape of one, keep colours. It costs credits of the person whose token this is. Waits "
        "for the pictures and gives them; when that takes too long it gives the codes of the jobs, which `job` takes. "
        "Only the prompt is needed: everything else has the checkpoint's own default."
    )
    scope = "generate"
    shows_pictures = True

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        fields = {name: field_schema(row) for name, row in FIELDS.items()}
        parts = {"loras": LORAS, **part_schemas()}
        return object_of({**fields, **parts, "count": field_schema(COUNT), "wait": WAIT}, ["prompt"])

    def call(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        user = user_of(request)
        form = SubmissionInput(data={name: value for name, value in arguments.items() if name != "wait"})
        form.is_valid(raise_exception=True)
        recipes = prepare_jobs(user, form.recipe(user), form.validated_data["count"])
        jobs = write_jobs(user, recipes, token_of(request))
        credits = sum(job.credits for job in jobs)
        return {"submission": jobs[0].submission, "credits": credits, "jobs": jobs_data(jobs)}


class LookAtJobs(Tool):
    """How jobs stand that belong to whoever asks; asked over and over while a call waits for them."""

    name = "job"
    title = "Look at a job"
    description = (
        "Tell how a job stands that make_picture began: its place in the queue, how far it is, and its picture once it "
        "is done."
    )
    scope = "read"
    shows_pictures = True

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        code = {**CODE, "description": "The code of the job."}
        return object_of({"code": code, "wait": {**WAIT, "default": 0}}, ["code"])

    def call(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        codes = arguments.get("codes") or [arguments["code"]]
        rows = Job.objects.of(user_of(request)).filter(code__in=codes)
        jobs = list(rows.select_related("image").order_by("position"))
        if len(jobs) < len(codes):
            raise NotFound("not-found", "There is no such job, or it is not yours.", field="code")
        return {"jobs": jobs_data(jobs)}


class Jobs(LookAtJobs):
    """The same for several jobs, which no agent is offered."""

    scope = "read"

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        return object_of({"codes": {"type": "array", "items": CODE, "minItems": 1}}, ["codes"])


class MyPictures(Tool):
    """Find one's own pictures."""

    name = "my_pictures"
    title = "Find my pictures"
    description = (
        "List the pictures of the person whose token this is, newest first, with what they were made from. The picture "
        "itself is read as the resource that its uri names."
    )
    scope = "read"

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        words = {"type": "string", "maxLength": 200}
        return object_of(
            {
                "q": {**words, "description": "Words of the prompt; each begins some word of it."},
                "checkpoint": {**words, "description": "Drawn with the checkpoint of this name."},
                "lora": {**words, "description": "Drawn with the LoRA of this name."},
                "since": {**words, "description": "Made on this day or later, such as 2026-11-28 (UTC)."},
                "until": {**words, "description": "Made on this day or earlier."},
                "starred": {"type": "boolean", "description": "Only those with a star."},
                "before": {**CODE, "description": "Only those older than this picture: its code, for the next page."},
                "count": {"type": "integer", "minimum": 1, "maximum": MOST_PICTURES, "default": 10},
            }
        )

    def call(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        rows = GeneratedImage.objects.of(user_of(request)).kept()
        rows = PictureFilters.of({**arguments, "starred": "1" if arguments.get("starred") else ""}).apply(rows)
        if before := arguments.get("before"):
            rows = rows.filter(pk__lt=get_image(request, before).pk)
        count = int(arguments.get("count", 10))
        found = list(rows.newest()[: count + 1])
        return {"pictures": [picture_data(image) for image in found[:count]], "more": len(found) > count}


class Picture(Tool):
    """The bytes of a picture, for what the protocol calls a resource and for the pictures of an answer."""

    name = "picture"
    scope = "read"

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        return object_of({"code": CODE, "format": {"type": "string", "enum": [*CONTENT_TYPES]}}, ["code", "format"])

    def call(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        image, kind = get_image(request, arguments["code"]), arguments["format"]
        data = base64.b64encode(file_bytes(image, kind)).decode()
        return {"code": image.code, "mime_type": CONTENT_TYPES[kind], "data": data, "size": image.size_bytes}


def jobs_data(jobs: list[Job]) -> list[dict[str, Any]]:
    """What an agent is told of each job; `percent` is 0 to 100, `image` the code of the picture once it is there."""
    waits = queueing.waits(jobs)
    return [job_data(job, waits.get(job.pk)) for job in jobs]


def job_data(job: Job, wait: queueing.Wait | None) -> dict[str, Any]:
    frame = frames.last_frame(job.code) if job.state == Job.State.RUNNING else None
    image = kept_image(job) if job.state == Job.State.DONE else None
    return {
        "code": job.code,
        "state": job.state,
        "credits": job.credits,
        "seed": job.recipe.seed,
        "place": wait.place if wait else None,
        "seconds_until_start": round(wait.seconds) if wait and wait.seconds is not None else None,
        "percent": 100 if job.state == Job.State.DONE else frame.percent if frame else 0,
        "image": image.code if image else None,
        "page": page_of(image.code) if image else None,
        "error": job.error_message or None,
    }


def picture_data(image: GeneratedImage) -> dict[str, Any]:
    recipe = image.recipe
    return {
        "code": image.code, "uri": f"{URI}{image.code}", "page": page_of(image.code), "prompt": recipe.prompt,
        "negative_prompt": recipe.negative_prompt, "checkpoint": recipe.checkpoint, "seed": recipe.seed,
        "steps": recipe.steps, "cfg_scale": recipe.cfg_scale, "sampler": recipe.sampler, "width": image.width,
        "height": image.height, "rating": image.rating, "made_at": image.created_at.isoformat(),
    }  # fmt: skip


def page_of(code: str) -> str:
    """Where the person looks at the picture."""
    return f"{settings.SITE_URL}{reverse('image', args=[code])}"
