"""The doors that draw: a request in, and the finished pictures in its answer, as these programs wait for them."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.refusals import Refusal
from generation.api import waiting
from generation.api.a1111.answers import drawn
from generation.api.a1111.base import A1111View, json_object, own_token
from generation.api.a1111.encoded import decoded
from generation.api.a1111.options import Options
from generation.api.a1111.reading import Reader
from generation.api.access import user_of
from generation.catalog.safeguards.pictures import WITHHELD
from generation.jobs.submission import prepare_jobs, write_jobs
from generation.models import GeneratedImage, Job


class NotDrawn(Refusal):
    """No picture came of it, and the answer can hold none. What was held is back."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.error_code or "not-drawn", job.error_message or "No picture came of it.")
        # The safeguards' no is about what was asked for; the rest is our fault.
        self.status = 422 if job.error_code == WITHHELD else 500


class StillDrawing(Refusal):
    """It takes longer than anybody waits here; the picture is made and paid all the same."""

    status = HTTPStatus.GATEWAY_TIMEOUT

    def __init__(self) -> None:
        super().__init__("still-drawing", "It is not ready yet. It goes on, and will be among your pictures.")


class NoSuchPart(Refusal):
    """A part of A1111 that this site does not have."""

    status = 422


class TextToImageView(A1111View):
    """Draw, and wait until all pictures are ready. A program that hangs up meanwhile cancels nothing."""

    scope = "generate"

    def post(self, request: Request) -> Response:
        user, token = user_of(request), own_token(request)
        asked = Reader(user, json_object(request), Options.of(token)).read()
        jobs = write_jobs(user, prepare_jobs(user, asked.recipe, asked.count), token)
        in_time = waiting.until_ended([job.pk for job in jobs])
        jobs = list(Job.objects.filter(pk__in=[job.pk for job in jobs]).select_related("image").order_by("position"))
        images = images_of(jobs)
        if not images:
            refuse_nothing(jobs, in_time)
        return Response(drawn(asked, jobs, images))


def images_of(jobs: Sequence[Job]) -> list[GeneratedImage]:
    images = (getattr(job, "image", None) for job in jobs)
    return [image for image in images if image is not None and image.deleted_at is None]


def refuse_nothing(jobs: Sequence[Job], in_time: bool) -> None:
    """Raise what is to be told where there is no picture; an interrupted request has an answer without one."""
    if not in_time or not jobs:
        raise StillDrawing
    failed = [job for job in jobs if job.state == Job.State.FAILED]
    if failed:
        raise NotDrawn(failed[0])


class ImageToImageView(A1111View):
    """Not here yet: what was sent is looked at as A1111 does, and refused."""

    scope = "generate"

    def post(self, request: Request) -> Response:
        pictures = json_object(request).get("init_images")
        if not pictures or not isinstance(pictures, list):
            raise NoPicture("Init image not found")
        for picture in pictures:
            decoded(picture)
        raise NoSuchPart("no-img2img", "This site makes no pictures from pictures yet; txt2img draws from a text.")


class UpscaleView(A1111View):
    """Not here yet: there is no upscaler."""

    scope = "generate"

    def post(self, request: Request) -> Response:
        picture = json_object(request).get("image")
        if not picture:
            raise NoPicture("Image not found")
        decoded(picture)
        raise NoSuchPart("no-upscaler", "This site has no upscaler yet.")


class NoPicture(Refusal):
    status = 404

    def __init__(self, sentence: str) -> None:
        super().__init__("no-picture", sentence)
