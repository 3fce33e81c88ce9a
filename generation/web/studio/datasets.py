"""A data set's own pages: begin one, look at it, change its words, its split and all captions at once, delete it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.refusals import Refusal
from generation.imaging.untrusted import MAX_FILE_BYTES
from generation.models import DataSet
from generation.training.datasets.captioning import clear_captions, replace_in_captions, surround_captions
from generation.training.datasets.lifecycle import create_dataset, delete_dataset, describe_dataset, is_training
from generation.training.datasets.preparing import LEAST_SIDE
from generation.training.datasets.splitting import set_split
from generation.training.datasets.uploads import MAX_PICTURES
from generation.web.access import SignedInRequest, say, signed_in_only
from generation.web.studio.access import own_dataset
from generation.web.studio.dataset_table import table_of
from generation.web.studio.forms import CaptionsForm, DataSetForm, NewDataSetForm, SplitForm

REFUSED = "studio_refused"
"""Session key of the files that the last upload without a script did not take: told once."""


@signed_in_only
@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    form = NewDataSetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            dataset = create_dataset(request.user, said["title"], said["trigger"], consent=said["consent"])
        except Refusal as refusal:
            form.add_error(refusal.field or None, refusal.message)
        else:
            return redirect("dataset", dataset.code)
    status = 400 if form.is_bound else 200
    return render(request, "generation/studio/dataset_new.html", {"form": form}, status=status)


@signed_in_only
@require_http_methods(["GET", "POST"])
def dataset(request: SignedInRequest, code: str) -> HttpResponse:
    """The light table. POST changes title and trigger."""
    shown = own_dataset(request, code)
    if request.method == "POST":
        form = DataSetForm(request.POST)
        if form.is_valid():
            try:
                describe_dataset(shown, form.cleaned_data["title"], form.cleaned_data["trigger"])
            except Refusal as refusal:
                say(request, refusal)
        else:
            messages.error(request, "A data set needs a title, and its words may not be too long.")
        return redirect("dataset", code)
    context = {
        **context_of(shown),
        "form": DataSetForm(initial={"title": shown.title, "trigger": shown.trigger}),
        "refused": request.session.pop(REFUSED, []),
        "runs": shown.runs.newest()[:6],
        "in_use": is_training(shown),
    }
    return render(request, "generation/studio/dataset.html", context)


def context_of(shown: DataSet) -> dict[str, Any]:
    """What the page and its live part, the table, both need."""
    return {
        "dataset": shown,
        "table": table_of(shown),
        "most_pictures": MAX_PICTURES,
        "least_side": LEAST_SIDE,
        "most_bytes": MAX_FILE_BYTES,
    }


@signed_in_only
@require_GET
def table(request: SignedInRequest, code: str) -> HttpResponse:
    """The light table and the split by themselves, after pictures came or went."""
    return render(request, "generation/studio/dataset_live.html", context_of(own_dataset(request, code)))


@signed_in_only
@require_POST
def captions(request: SignedInRequest, code: str) -> HttpResponse:
    """One change to all captions: `change` is replace, surround or clear."""
    shown = own_dataset(request, code)
    form = CaptionsForm(request.POST)
    change = CAPTION_CHANGES.get(request.POST.get("change", ""))
    if change is None or not form.is_valid():
        messages.error(request, "These words are too long for a caption.")
        return redirect("dataset", code)
    try:
        changed = change(shown, form.cleaned_data)
    except Refusal as refusal:
        say(request, refusal)
    else:
        messages.success(request, f"{changed} caption{'' if changed == 1 else 's'} changed.")
    return redirect("dataset", code)


CAPTION_CHANGES: dict[str, Callable[[DataSet, dict[str, Any]], int]] = {
    "replace": lambda shown, said: replace_in_captions(shown, said["find"], said["put"]),
    "surround": lambda shown, said: surround_captions(shown, said["before"], said["after"]),
    "clear": lambda shown, _: clear_captions(shown),
}


@signed_in_only
@require_POST
def split(request: SignedInRequest, code: str) -> HttpResponse:
    """How many are held out; `again` draws others."""
    shown = own_dataset(request, code)
    form = SplitForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Held out and seed must be whole numbers.")
        return redirect("dataset", code)
    seed = form.cleaned_data["seed"]
    try:
        set_split(shown, form.cleaned_data["held_out"], None if "again" in request.POST else seed or 0)
    except Refusal as refusal:
        say(request, refusal)
    return redirect("dataset", code)


@signed_in_only
@require_POST
def delete(request: SignedInRequest, code: str) -> HttpResponse:
    shown = own_dataset(request, code)
    try:
        delete_dataset(shown)
    except Refusal as refusal:
        say(request, refusal)
        return redirect("dataset", code)
    messages.success(request, f"“{shown.title}” and its pictures are deleted.")
    return redirect("studio")
