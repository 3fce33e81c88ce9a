"""Tiles by themselves, for a page that is already open: fetched again when a job changed, cancelled, preferred."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET, require_POST

from generation.jobs.fairness import prefer_job
from generation.jobs.lifecycle import cancel_job, cancel_jobs
from generation.messages import frames
from generation.models import Job
from generation.web.access import SignedInRequest, done, own_job, refusals_on, signed_in_only
from generation.web.create.job_tiles import is_deleted, submissions_of, tiles_of

TILES_AT_ONCE = 64


@signed_in_only
@require_GET
def tiles(request: SignedInRequest) -> HttpResponse:
    """The tiles of the jobs named by `?code=`, those that are the person's own."""
    codes = request.GET.getlist("code")[:TILES_AT_ONCE]
    jobs = Job.objects.of(request.user).filter(code__in=codes).select_related("image")
    kept = [job for job in jobs if not is_deleted(job)]
    return render(request, "generation/tiles.html", {"tiles": tiles_of(kept)})


@signed_in_only
@require_GET
def submission(request: SignedInRequest, code: str) -> HttpResponse:
    """The whole submission that a job belongs to: another tab made it."""
    job = own_job(request, code)
    siblings = Job.objects.of(request.user).filter(submission=job.submission).select_related("image")
    groups = submissions_of(siblings)
    if not groups:
        raise Http404("All of these pictures were deleted.")
    return render(request, "generation/submission.html", {"submission": groups[0]})


@signed_in_only
@require_GET
def preview(request: SignedInRequest, code: str) -> HttpResponse:
    """The last preview of a running job, for whoever opens the page late or without a live line."""
    frame = frames.last_frame(own_job(request, code).code)
    if frame is None or not frame.picture:
        raise Http404("There is no preview of this picture.")
    response = HttpResponse(frame.picture, content_type="image/jpeg")
    patch_cache_control(response, private=True, no_store=True)
    return response


@signed_in_only
@require_POST
@refusals_on("create")
def cancel(request: SignedInRequest, code: str) -> HttpResponse:
    cancel_job(own_job(request, code))
    return done(request, "create")


@signed_in_only
@require_POST
def cancel_all(request: SignedInRequest) -> HttpResponse:
    """Everything that the person waits for, or one posted `submission` of theirs."""
    cancel_jobs(request.user, request.POST.get("submission", ""))
    return done(request, "create")


@signed_in_only
@require_POST
@refusals_on("create")
def prefer(request: SignedInRequest, code: str) -> HttpResponse:
    """Draw this one before one's other pictures."""
    prefer_job(own_job(request, code))
    return done(request, "create")
