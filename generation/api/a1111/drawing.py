"""The doors that draw: a request in, and the finished pictures in its answer, as these programs wait for them."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from django.core.files.base import ContentFile
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.refusals import NotFound
from generation.api import waiting
from generation.api.a1111.answers import drawn
from generation.api.a1111.base import A1111View, json_object, own_token
from generation.api.a1111.encoded import JsonWithPictures, decoded
from generation.api.a1111.enlarging import read_upscale
from generation.api.a1111.options import Options
from generation.api.a1111.reading import Reader
from generation.api.a1111.starting import StartReader
from generation.api.access import user_of
from generation.api.outcomes import StillDrawn, failure_of, jobs_now
from generation.jobs.sources import bring_picture
from generation.jobs.submission import prepare_jobs, write_jobs
from generation.models import Job
from generation.models.images import kept_image
from generation.storage import files


class TextToImageView(A1111View):
    """Draw, and wait until all pictures are ready. A program that hangs up meanwhile cancels nothing."""

    scope = "generate"
    parser_classes = [JsonWithPictures]
    reader: type[Reader] = Reader

    def post(self, request: Request) -> Response:
        user, token = user_of(request), own_token(request)
        asked = self.reader(user, json_object(request), Options.of(token)).read()
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


class ImageToImageView(TextToImageView):
    """The same from a picture, with or without a mask."""

    scope = "generate"
    reader = StartReader


class UpscaleView(A1111View):
    """Make a picture larger, and wait for it. It is kept as if it had been brought by hand, for some days."""

    scope = "generate"
    parser_classes = [JsonWithPictures]

    def post(self, request: Request) -> Response:
        user, token, body = user_of(request), own_token(request), json_object(request)
        if not (picture := body.get("image")):
            raise NotFound("no-picture", "Image not found")
        source = bring_picture(user, ContentFile(decoded(picture), "extras"))
        recipe = read_upscale(user, body, source)
        jobs = write_jobs(user, prepare_jobs(user, recipe, 1), token)
        in_time = waiting.until_ended([job.pk for job in jobs])
        jobs = jobs_now(jobs)
        image = kept_image(jobs[0]) if jobs else None
        if image is None:
            refuse_nothing(jobs, in_time)
            return Response({"html_info": "", "image": ""})
        return Response({"html_info": "", "image": base64.b64encode(files.read_kept(image.file)).decode()})
