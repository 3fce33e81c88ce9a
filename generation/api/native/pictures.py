"""The API's doors to jobs, images and the catalog: fetch-or-refuse, one verb, one answer. Rules live in the verbs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.credits import balance_of
from generation.api.access import HasScope, get_image, get_job, token_of, user_of
from generation.api.idempotency import Write, idempotent, idempotent_submission, is_dry_run
from generation.api.native.serializers import (
    CancelAllInput,
    CancelAllOutput,
    CheckpointOutput,
    ImageChange,
    ImageOutput,
    JobOutput,
    PriceOutput,
    SubmissionInput,
    SubmissionOutput,
)
from generation.catalog.prices import total_price
from generation.jobs.albums import own_album
from generation.jobs.deletion import delete_images
from generation.jobs.fairness import prefer_job
from generation.jobs.filing import star_images
from generation.jobs.finding import PictureFilters
from generation.jobs.lifecycle import cancel_job, cancel_jobs
from generation.jobs.submission import check_plan, prepare, prepare_jobs, submit_tracing, write_jobs
from generation.models import Checkpoint, GeneratedImage, Job
from generation.storage.downloads import picture_attachment

ASKED = {
    "q": "Words of the prompt; each begins some word of it.",
    "album": "Code of an album of yours.",
    "checkpoint": "Name of the checkpoint.",
    "lora": "Name of a LoRA.",
    "size": "Width and height, such as 512x768.",
    "since": "Made on this day or later, such as 2026-11-28 (UTC).",
    "until": "Made on this day or earlier.",
    "starred": "1: those with a star.",
}


class JobsView(generics.ListAPIView[Job]):
    """Your jobs, newest first; POST makes pictures."""

    serializer_class = JobOutput
    queryset = Job.objects.none()

    def get_queryset(self) -> QuerySet[Job]:
        return Job.objects.of(self.request.user).select_related("image").newest()

    @extend_schema(
        request=SubmissionInput,
        parameters=[OpenApiParameter("dry_run", bool, description="Only say what it would cost; nothing is queued.")],
        responses={202: SubmissionOutput, 200: PriceOutput},
    )
    @idempotent_submission
    def post(self, request: Request) -> Response | Write:
        form = SubmissionInput(data=request.data)
        form.is_valid(raise_exception=True)
        user = user_of(request)
        recipe, count = form.recipe(user), form.validated_data["count"]
        if is_dry_run(request):
            check_plan(user, recipe, count)
            credits = total_price(user.plan, prepare(user, recipe, count))
            return Response({"credits": credits, "balance": balance_of(user)})
        recipes = prepare_jobs(user, recipe, count)

        def write() -> Response:
            jobs = write_jobs(user, recipes, token_of(request), form.validated_data["made_from"])
            body = {"submission": jobs[0].submission, "credits": sum(job.credits for job in jobs), "jobs": jobs}
            address = reverse("api-job", args=[jobs[0].code])
            return Response(SubmissionOutput(body).data, status=202, headers={"Location": address})

        return write


class JobView(APIView):
    """One job of yours: its state, place in the queue, progress, and its image once it is done."""

    @extend_schema(responses=JobOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(JobOutput(get_job(request, code)).data)


class CancelView(APIView):
    """Cancel a job that waits or runs. Its credits come back but for `cancel_cost`: the steps that were drawn."""

    @extend_schema(request=None, responses=JobOutput)
    def post(self, request: Request, code: str) -> Response:
        cancel_job(get_job(request, code))
        return Response(JobOutput(get_job(request, code)).data)


class CancelAllView(APIView):
    """Cancel all that you wait for, or one submission of yours. Answers which jobs it ended."""

    @extend_schema(operation_id="jobs_cancel_all", request=CancelAllInput, responses=CancelAllOutput)
    def post(self, request: Request) -> Response:
        form = CancelAllInput(data=request.data)
        form.is_valid(raise_exception=True)
        ended = cancel_jobs(user_of(request), form.validated_data["submission"])
        return Response(CancelAllOutput({"cancelled": ended}).data)


class PreferView(APIView):
    """Draw a waiting job before your other ones. Nobody else waits longer or shorter for it."""

    @extend_schema(request=None, responses=JobOutput)
    def post(self, request: Request, code: str) -> Response:
        prefer_job(get_job(request, code))
        return Response(JobOutput(get_job(request, code)).data)


class ImagesView(generics.ListAPIView[GeneratedImage]):
    """Your pictures, newest first; those that have all that is asked for."""

    serializer_class = ImageOutput
    queryset = GeneratedImage.objects.none()

    @extend_schema(parameters=[OpenApiParameter(name, str, description=words) for name, words in ASKED.items()])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[GeneratedImage]:
        filters = PictureFilters.of(self.request.query_params)
        album = own_album(user_of(self.request), filters.album) if filters.album else None
        rows = GeneratedImage.objects.of(user_of(self.request)).kept()
        return filters.apply(rows, album.pk if album else None).newest()


class ImageView(APIView):
    """One picture of yours with its recipe; PATCH stars it or takes the star off, DELETE removes it."""

    @extend_schema(responses=ImageOutput)
    def get(self, request: Request, code: str) -> Response:
        return Response(ImageOutput(get_image(request, code)).data)

    @extend_schema(request=ImageChange, responses=ImageOutput)
    def patch(self, request: Request, code: str) -> Response:
        image = get_image(request, code)
        form = ImageChange(data=request.data)
        form.is_valid(raise_exception=True)
        star_images(user_of(request), [image.code], form.validated_data["starred"])
        return Response(ImageOutput(get_image(request, code)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        delete_images(user_of(request), [get_image(request, code).code])
        return Response(status=204)


class ImageFileView(APIView):
    """The picture as a png, jpeg, webp or svg file, with its infotext inside."""

    @extend_schema(responses={(200, "image/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, code: str, format_name: str) -> HttpResponse:
        return picture_attachment(get_image(request, code), format_name)


class TraceView(APIView):
    """Have a picture traced into vector paths; `svg_state` of the image tells when it is ready."""

    @extend_schema(request=None, responses={202: ImageOutput})
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        image = get_image(request, code)
        submit_tracing(image)
        return Response(ImageOutput(image).data, status=202)


class CheckpointsView(generics.ListAPIView[Checkpoint]):
    """The checkpoints that you may use."""

    serializer_class = CheckpointOutput
    permission_classes = [permissions.AllowAny, HasScope]

    def get_queryset(self) -> QuerySet[Checkpoint]:
        return Checkpoint.objects.usable_by(self.request.user)
