"""The front page for visitors, and the public status page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from generation.jobs.fairness import virtual_now
from generation.jobs.queueing import seconds_for
from generation.models import Checkpoint, GpuWorker, Job
from generation.web.catalog.samples import samples_of
from generation.web.public_pictures import registry

PICTURES_SHOWN = 24


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, with pictures; whoever is signed in goes on making."""
    if request.user.is_authenticated:
        return redirect("create")
    row = Checkpoint.objects.listed().filter(is_default=True).first()
    samples = [sample for sample in samples_of(row) if sample.picture] if row else []
    return render(request, "generation/home.html", {"samples": samples, "cards": registry.newest(PICTURES_SHOWN)})


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Whether pictures are being made right now, and how long one waits. Numbers only, nobody's names."""
    workers = list(GpuWorker.objects.at_work())
    queued = Job.objects.queued()
    context = {
        "workers": len(workers),
        "slots": sum(worker.slots for worker in workers),
        "running": Job.objects.running().count(),
        "queued": queued.count(),
        "line_seconds": seconds_for(queued),
        # Whoever comes now is drawn where the clock stands, not behind the last in line.
        "wait_seconds": seconds_for(queued.filter(virtual_start__lte=virtual_now())),
    }
    return render(request, "generation/status.html", context)
