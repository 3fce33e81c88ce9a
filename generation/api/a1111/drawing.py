"""The doors that draw: a request in, and the finished pictures in its answer, as these programs wait for them."""

from __future__ import annotations

from collections.abc import Sequence

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.refusals import NotFound, Refusal
from generation.api import waiting
from generation.api.a1111.answers import drawn
from generation.api.a1111.base import A1111View, json_object, own_token
from generation.api.a1111.encoded import JsonWithPicture, decoded
from generation.api.a1111.options import Options
from generation.api.a1111.reading import Reader
from generation.api.access import user_of
from generation.api.outcomes import StillDrawn, failure_of, jobs_now
from generation.jobs.submission import prepare_jobs, write_jobs
from generation.models import Job
from generation.models.images import kept_image


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
        jobs = jobs_now(jobs)
        images = [image for job in jobs if (image := kept_image(job)) is not None]
        if not images:
            refuse_nothing(jobs, in_time)
        return Response(drawn(asked, jobs, images))


def refuse_nothing(jobs: Sequence[Job], in_time: bool) -> None:
    """Raise what is to be told where there is no picture; an interrupted request has an answer without one."""
    if not in_time or not jobs:
        raise StillDrawn("still-drawn", "It is not ready yet. It goes on, and will be among your pictures.")
    failed = [job for job in jobs if job.state == Job.State.FAILED]
    if failed:
        raise failure_of(failed[0])


class ImageToImageView(A1111View):
    """Not here yet: what was sent is looked at as A1111 does, and refused."""

    scope = "generate"
    parser_classes = [JsonWithPicture]

    def post(self, request: Request) -> Response:
        pictures = json_object(request).get("init_images")
        if not pictures or not isinstance(pictures, list):
            raise NotFound("no-picture", "Init image not found")
        for picture in pictures:
            decoded(picture)
        raise NoSuchPart("no-img2img", "This site makes no pictures from pictures yet; txt2img draws from a text.")


class UpscaleView(A1111View):
    """Not here yet: there is no upscaler."""

    scope = "generate"
    parser_classes = [JsonWithPicture]

    def post(self, request: Request) -> Response:
        picture = json_object(request).get("image")
        if not picture:
            raise NotFound("no-picture", "Image not found")
        decoded(picture)
        raise NoSuchPart("no-upscaler", "This site has no upscaler yet.")
