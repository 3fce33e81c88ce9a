"""The studio's front page: trainings and data sets of one's own, newest first; trainings in pages."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from generation.models import DataSet, TrainingRun, TrainingSearch
from generation.web.access import SignedInRequest, signed_in_only
from generation.web.paging import page_of
from generation.web.studio.dataset_table import cards_of
from generation.web.studio.run_page import RunCard

RUNS_A_PAGE = 12
SEARCHES_SHOWN = 24
DATASETS_SHOWN = 60


@signed_in_only
@require_GET
def studio(request: SignedInRequest) -> HttpResponse:
    page = page_of(TrainingRun.objects.of(request.user).filter(search=None), request, RUNS_A_PAGE)
    context = {
        "page": page,
        "runs": [RunCard(run) for run in page.rows],
        "searches": list(TrainingSearch.objects.filter(owner=request.user).order_by("-pk")[:SEARCHES_SHOWN]),
        "datasets": cards_of(DataSet.objects.of(request.user).newest()[:DATASETS_SHOWN]),
    }
    return render(request, "generation/studio/home.html", context)
