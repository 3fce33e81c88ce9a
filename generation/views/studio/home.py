"""The studio's front page: trainings and data sets of one's own, newest first."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from generation.models import DataSet, TrainingRun, TrainingSearch
from generation.views.access import MakerRequest, makers_only
from generation.views.studio.light_table import cards_of
from generation.views.studio.shown_run import RunCard

RUNS_SHOWN = 12
SEARCHES_SHOWN = 6
DATASETS_SHOWN = 24


@makers_only
@require_GET
def studio(request: MakerRequest) -> HttpResponse:
    runs = TrainingRun.objects.of(request.user).filter(search=None).newest()[:RUNS_SHOWN]
    context = {
        "runs": [RunCard(run) for run in runs],
        "searches": TrainingSearch.objects.filter(owner=request.user).order_by("-pk")[:SEARCHES_SHOWN],
        "datasets": cards_of(DataSet.objects.of(request.user).newest()[:DATASETS_SHOWN]),
    }
    return render(request, "generation/studio/home.html", context)
