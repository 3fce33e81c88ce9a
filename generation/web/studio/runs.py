"""The page of one training: its curve, its contact sheet, its owner's verbs. Parts are fetched anew as it learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.credits import balance_of
from accounts.questions import ask
from generation.models import TrainingRun
from generation.storage.downloads import FOR_NOBODY, attachment, inline
from generation.training.runs.controls import delete_run, discard_run, pause_run, resume_run, stop_run
from generation.training.runs.lifecycle import hand_out
from generation.training.runs.selection import choose_snapshot
from generation.web.access import SignedInRequest, done, refusals_on, signed_in_only
from generation.web.studio.access import own_run, own_snapshot
from generation.web.studio.questions import DELETE_RUN
from generation.web.studio.run_page import QUESTIONS, RunPage

VERBS: dict[str, Callable[[TrainingRun], None]] = {
    "pause": pause_run,
    "resume": resume_run,
    "stop": stop_run,
    "discard": discard_run,
}
FRAGMENTS = {"head", "curve", "sheet"}


@signed_in_only
@require_GET
def run(request: SignedInRequest, code: str) -> HttpResponse:
    return render(request, "generation/studio/run.html", context_of(request, code))


@signed_in_only
@require_GET
def part(request: SignedInRequest, code: str, name: str) -> HttpResponse:
    """Head, curve or contact sheet by itself: the same template as in the page."""
    if name not in FRAGMENTS:
        raise Http404("The page has no such part.")
    return render(request, f"generation/studio/run_{name}.html", context_of(request, code))


def context_of(request: SignedInRequest, code: str) -> dict[str, Any]:
    """The training, and the credits that its owner has left: its end moves them."""
    return {"training": RunPage(own_run(request, code)), "left": balance_of(request.user)}


@signed_in_only
@require_http_methods(["GET", "POST"])
@refusals_on("run", "code")
def control(request: SignedInRequest, code: str, verb: str) -> HttpResponse:
    """Pause, resume, stop and keep, or stop and discard. GET asks before the latter two."""
    run = own_run(request, code)
    if verb not in VERBS:
        raise Http404("A training cannot do that.")
    if request.method == "GET":
        question = QUESTIONS.get(verb)
        if question is None:
            return HttpResponseNotAllowed(["POST"])
        return ask(request, question, run.name, reverse("run", args=[code]))
    VERBS[verb](run)
    return done(request, "run", code)


@signed_in_only
@require_http_methods(["GET", "POST"])
@refusals_on("run", "code")
def delete(request: SignedInRequest, code: str) -> HttpResponse:
    """Remove an ended training; back to the search it was part of, or to the studio."""
    gone = own_run(request, code)
    if request.method == "GET":
        return ask(request, DELETE_RUN, gone.name, reverse("run", args=[code]))
    delete_run(gone)
    messages.success(request, f"The training “{gone.name}” is deleted. A LoRA that came of it stays.")
    return redirect("search", gone.search.code) if gone.search else redirect("studio")


@signed_in_only
@require_POST
@refusals_on("run", "code")
def choose(request: SignedInRequest, code: str, step: int) -> HttpResponse:
    """Make this snapshot the LoRA."""
    choose_snapshot(own_snapshot(request, code, step).run, step)
    return redirect("run", code)


@signed_in_only
@require_GET
def download(request: SignedInRequest, code: str, step: int) -> HttpResponse:
    """The snapshot's LoRA file, as any program that knows LoRAs reads it; from then on its steps are paid."""
    snapshot = own_snapshot(request, code, step)
    if not hand_out(snapshot):
        raise Http404("This snapshot has no file.")
    return attachment(snapshot.file, f"{snapshot.run.name}-{step}.safetensors")


@signed_in_only
@require_GET
def sample(request: SignedInRequest, code: str, step: int, number: int) -> HttpResponse:
    snapshot = own_snapshot(request, code, step)
    if number >= len(snapshot.samples):
        raise Http404("There is no such sample.")
    name = snapshot.samples[number]
    kind = "image/webp" if name.endswith(".webp") else "image/png"
    filename = name.rpartition("/")[2]
    return inline(request, name, kind, FOR_NOBODY, filename=filename, etag=filename)
