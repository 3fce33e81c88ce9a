"""The API's doors to jobs: making pictures, one's queue, and what becomes of a job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.credits import balance_of
from accounts.refusals import Refusal
from generation.api.access import check_lengths, get_job, token_of, user_of
from generation.api.idempotency import Write, idempotent_submission, is_dry_run
from generation.api.native.fields import text_parameter
from generation.api.native.serializers import (
    BatchInput,
    BatchOutput,
    CancelAllInput,
    CancelAllOutput,
    JobOutput,
    PriceOutput,
    SubmissionInput,
    SubmissionOutput,
    recipe_of,
)
from generation.api.native.waiting import WAIT, answer_later, seconds_to_wait
from generation.catalog.prices import total_price
from generation.jobs.fairness import prefer_job
from generation.jobs.lifecycle import cancel_job, cancel_jobs
from generation.jobs.submission import check_plan, check_token, prepare, prepare_jobs, write_jobs
from generation.models import Job
from generation.recipes.picture import Recipe

DRY_RUN = OpenApiParameter("dry_run", bool, description="Only say what it would cost; nothing is queued.")

MOST_SUBMISSION = 16


class JobsView(generics.ListAPIView[Job]):
    """Your jobs, newest first; POST makes pictures."""

    serializer_class = JobOutput
    queryset = Job.objects.none()

    @extend_schema(
        parameters=[
            OpenApiParameter("state", str, enum=Job.State.values, description="Those in this state."),
            text_parameter("submission", MOST_SUBMISSION, "Those that were queued together."),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Job]:
        jobs = Job.objects.of(self.request.user).select_related("image").newest()
        state, submission = (self.request.query_params.get(name, "") for name in ("state", "submission"))
        check_lengths(self.request.query_params, ["submission"], MOST_SUBMISSION)
        if state and state not in Job.State.values:
            raise Refusal("bad-state", f"A job is {', '.join(Job.State.values)}.", field="state")
        jobs = jobs.filter(state=state) if state else jobs
        return jobs.filter(submission=submission) if submission else jobs

    @extend_schema(
        request=SubmissionInput,
        parameters=[DRY_RUN],
        responses={202: SubmissionOutput, 200: PriceOutput},
    )
    @idempotent_submission
    def post(self, request: Request) -> Response | Write:
        form = SubmissionInput(data=request.data)
        form.is_valid(raise_exception=True)
        user = user_of(request)
        recipe, count = form.recipe(user), form.validated_data["count"]
        if is_dry_run(request):
            return price_answer(request, would_draw(request, recipe, count))
        recipes = prepare_jobs(user, recipe, count)

        def write() -> Response:
            jobs = write_jobs(user, recipes, token_of(request), form.validated_data["made_from"])
            address = reverse("api-job", args=[jobs[0].code])
            return Response(SubmissionOutput(submission_of(jobs)).data, status=202, headers={"Location": address})

        return write


def would_draw(request: Request, recipe: Recipe, count: int) -> list[Recipe]:
    """What would be queued, as far as that can be told without queueing it. Raises Refusal."""
    user = user_of(request)
    check_plan(user, recipe, count)
    recipes = prepare(user, recipe, count)
    check_token(token_of(request), recipes)
    return recipes


def price_answer(request: Request, recipes: list[Recipe]) -> Response:
    user = user_of(request)
    return Response({"credits": total_price(user.plan, recipes), "balance": balance_of(user)})


def submission_of(jobs: list[Job]) -> dict[str, Any]:
    return {"submission": jobs[0].submission, "credits": sum(job.credits for job in jobs), "jobs": jobs}


@contextmanager
def told_where(number: int) -> Iterator[None]:
    """A refusal of one recipe among many says of which."""
    try:
        yield
    except Refusal as refusal:
        refusal.field = f"recipes.{number}.{refusal.field}".rstrip(".")
        raise


class BatchView(APIView):
    """Make pictures by several recipes: all of them are queued, each as a submission of its own, or none is."""

    @extend_schema(
        operation_id="jobs_create_batch",
        request=BatchInput,
        parameters=[DRY_RUN],
        responses={202: BatchOutput, 200: PriceOutput},
    )
    @idempotent_submission
    def post(self, request: Request) -> Response | Write:
        form = BatchInput(data=request.data)
        form.is_valid(raise_exception=True)
        user, dry_run, asked = user_of(request), is_dry_run(request), form.validated_data["recipes"]
        ready: list[list[Recipe]] = []
        for number, data in enumerate(asked):
            with told_where(number):
                recipe, count = recipe_of(user, data), data["count"]
                ready.append(would_draw(request, recipe, count) if dry_run else prepare_jobs(user, recipe, count))
        if dry_run:
            return price_answer(request, [recipe for recipes in ready for recipe in recipes])

        @transaction.atomic
        def write() -> Response:
            submissions = []
            for number, (recipes, data) in enumerate(zip(ready, asked, strict=True)):
                with told_where(number):
                    submissions.append(submission_of(write_jobs(user, recipes, token_of(request), data["made_from"])))
            body = {"credits": sum(each["credits"] for each in submissions), "submissions": submissions}
            return Response(BatchOutput(body).data, status=202)

        return write


class JobView(APIView):
    """One job of yours: its state, place in the queue, progress, and its image once it is done."""

    @extend_schema(parameters=[WAIT], responses=JobOutput)
    def get(self, request: Request, code: str) -> HttpResponseBase:
        job = get_job(request, code)
        seconds = seconds_to_wait(request)
        if seconds and job.is_unfinished and request.method == "GET":
            return answer_later(request, job, seconds)
        return Response(JobOutput(job).data)


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
