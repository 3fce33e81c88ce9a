"""The page of a search: its candidates as a table, best first, and their curves over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.credits import balance_of
from accounts.questions import ask
from generation.models import TrainingSearch
from generation.training.searches.halving import spent_on
from generation.training.searches.submission import cancel_search, delete_search
from generation.training.searches.summaries import CandidateView, table_of
from generation.web.access import SignedInRequest, refusals_on, signed_in_only
from generation.web.studio.access import own_search
from generation.web.studio.curve import Curve, Point, curve_to_draw
from generation.web.studio.questions import CANCEL_SEARCH, DELETE_SEARCH
from generation.web.studio.training_forms import TRAINING_SETTINGS


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of the table with its place in the common curve."""

    view: CandidateView
    path: str
    is_best: bool


@signed_in_only
@require_GET
def search(request: SignedInRequest, code: str) -> HttpResponse:
    return render(request, "generation/studio/search.html", context_of(own_search(request, code)))


@signed_in_only
@require_GET
def results(request: SignedInRequest, code: str) -> HttpResponse:
    """Curves and table by themselves, while the search goes on."""
    return render(request, "generation/studio/search_results.html", context_of(own_search(request, code)))


@signed_in_only
@require_http_methods(["GET", "POST"])
@refusals_on("search", "code")
def cancel(request: SignedInRequest, code: str) -> HttpResponse:
    own = own_search(request, code)
    if request.method == "GET":
        return ask(request, CANCEL_SEARCH, own.name, reverse("search", args=[code]))
    cancel_search(own)
    return redirect("search", code)


@signed_in_only
@require_http_methods(["GET", "POST"])
@refusals_on("search", "code")
def delete(request: SignedInRequest, code: str) -> HttpResponse:
    gone = own_search(request, code)
    if request.method == "GET":
        return ask(request, DELETE_SEARCH, gone.name, reverse("search", args=[code]))
    delete_search(gone)
    messages.success(request, f"The search “{gone.name}” is deleted. A LoRA that came of it stays.")
    return redirect("studio")


def context_of(own: TrainingSearch) -> dict[str, Any]:
    views = table_of(own)
    steps = max((view.run.steps for view in views), default=1)
    frame, paths = common_curve(views, steps)
    return {
        "search": own,
        "columns": [TRAINING_SETTINGS[axis].label for axis in own.axes],
        "candidates": [
            Candidate(view, path, number == 0 and view.best_validation is not None)
            for number, (view, path) in enumerate(zip(views, paths, strict=True))
        ],
        "frame": frame,
        "spent": spent_on(own),
        "left": balance_of(own.owner),
        "questions": {"cancel": CANCEL_SEARCH, "delete": DELETE_SEARCH},
        "running": own.state == TrainingSearch.State.RUNNING,
    }


def common_curve(views: Sequence[CandidateView], steps: int) -> tuple[Curve, list[str]]:
    """The frame that holds the validation losses of all candidates, and each one's path in it."""
    measured = [[(step, loss, loss) for step, _, loss in view.curve if loss is not None] for view in views]
    everything: list[Point] = sorted(point for points in measured for point in points)
    frame = curve_to_draw(everything, steps)
    return frame, [curve_to_draw(points, steps, scale=frame.scale).validation for points in measured]
