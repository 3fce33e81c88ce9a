"""A data set's own pages: begin one, look at it, change its words, its split and all captions at once, delete it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.questions import ask
from accounts.refusals import Refusal
from generation.imaging.untrusted import MAX_FILE_BYTES
from generation.models import DataSet
from generation.training.datasets.captioning import clear_captions, replace_in_captions, surround_captions
from generation.training.datasets.lifecycle import create_dataset, delete_dataset, describe_dataset, is_training
from generation.training.datasets.preparing import LEAST_SIDE
from generation.training.datasets.splitting import set_split
from generation.training.datasets.uploads import MAX_PICTURES
from generation.web.access import SignedInRequest, refusals_on, signed_in_only
from generation.web.studio.access import own_dataset
from generation.web.studio.dataset_table import table_of
from generation.web.studio.forms import CaptionsForm, DataSetForm, NewDataSetForm, SplitForm
from generation.web.studio.questions import DELETE_DATASET

REFUSED = "studio_refused"
"""Session key of the files that the last upload without a script did not take: shown once."""


@signed_in_only
@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    form = NewDataSetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            dataset = create_dataset(request.user, data["title"], data["trigger"], consent=data["consent"])
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect("dataset", dataset.code)
    status = 400 if form.is_bound else 200
    return render(request, "generation/studio/dataset_new.html", {"form": form}, status=status)


@signed_in_only
@require_http_methods(["GET", "POST"])
@refusals_on("dataset", "code")
def dataset(request: SignedInRequest, code: str) -> HttpResponse:
    """The table of pictures. POST changes title and trigger."""
    own = own_dataset(request, code)
    if request.method == "POST":
        form = DataSetForm(request.POST)
        if form.is_valid():
            describe_dataset(own, form.cleaned_data["title"], form.cleaned_data["trigger"])
        else:
            messages.error(request, "A data set needs a title, and its words may not be too long.")
        return redirect("dataset", code)
    context = {
        **context_of(own),
        "form": words_form(own),
        "delete_question": DELETE_DATASET,
        "refused": request.session.pop(REFUSED, []),
        "runs": list(own.runs.newest()[:6]),
        "in_use": is_training(own),
    }
    return render(request, "generation/studio/dataset.html", context)


def words_form(own: DataSet) -> DataSetForm:
    return DataSetForm(initial={"title": own.title, "trigger": own.trigger})


@signed_in_only
@require_GET
def words(request: SignedInRequest, code: str) -> HttpResponse:
    """Title and trigger on a page of their own, for who has no dialog; its form posts to the data set."""
    own = own_dataset(request, code)
    context = {"dataset": own, "form": words_form(own)}
    return render(request, "generation/studio/dataset_words_page.html", context)


def context_of(own: DataSet) -> dict[str, Any]:
    """What the page and its live part, the table, both need."""
    return {
        "dataset": own,
        "table": table_of(own),
        "most_pictures": MAX_PICTURES,
        "least_side": LEAST_SIDE,
        "most_bytes": MAX_FILE_BYTES,
    }


@signed_in_only
@require_GET
def table(request: SignedInRequest, code: str) -> HttpResponse:
    """The table of pictures and the split by themselves, after pictures came or went."""
    return render(request, "generation/studio/dataset_live.html", context_of(own_dataset(request, code)))


@signed_in_only
@require_POST
@refusals_on("dataset", "code")
def captions(request: SignedInRequest, code: str) -> HttpResponse:
    """One change to all captions: `change` is replace, surround or clear."""
    own = own_dataset(request, code)
    form = CaptionsForm(request.POST)
    change = CAPTION_CHANGES.get(request.POST.get("change", ""))
    if change is None or not form.is_valid():
        messages.error(request, "These words are too long for a caption.")
        return redirect("dataset", code)
    changed = change(own, form.cleaned_data)
    messages.success(request, f"{changed} caption{'' if changed == 1 else 's'} changed.")
    return redirect("dataset", code)


CAPTION_CHANGES: dict[str, Callable[[DataSet, dict[str, Any]], int]] = {
    "replace": lambda own, data: replace_in_captions(own, data["find"], data["put"]),
    "surround": lambda own, data: surround_captions(own, data["before"], data["after"]),
    "clear": lambda own, _: clear_captions(own),
}


@signed_in_only
@require_POST
@refusals_on("dataset", "code")
def split(request: SignedInRequest, code: str) -> HttpResponse:
    """How many are held out; `again` draws others."""
    own = own_dataset(request, code)
    form = SplitForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Held out and seed must be whole numbers.")
        return redirect("dataset", code)
    seed = form.cleaned_data["seed"]
    set_split(own, form.cleaned_data["held_out"], None if "again" in request.POST else seed or 0)
    return redirect("dataset", code)


@signed_in_only
@require_http_methods(["GET", "POST"])
@refusals_on("dataset", "code")
def delete(request: SignedInRequest, code: str) -> HttpResponse:
    own = own_dataset(request, code)
    if request.method == "GET":
        return ask(request, DELETE_DATASET, own.title, reverse("dataset", args=[code]))
    delete_dataset(own)
    messages.success(request, f"“{own.title}” and its pictures are deleted.")
    return redirect("studio")
