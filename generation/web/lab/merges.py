"""Merging LoRAs from the lab's page: the form, and the list of those that wait or are done."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.refusals import Refusal
from generation.catalog.merges.submission import mergeable_by, submit_merge
from generation.models import LoraMerge
from generation.web.access import SignedInRequest, signed_in_only
from generation.web.lab.forms import MergeForm

MERGES_SHOWN = 12


@signed_in_only
@require_http_methods(["GET", "POST"])
def merge(request: SignedInRequest) -> HttpResponse:
    """Choose LoRAs of one family, how much of each, and what to call the sum."""
    form, status = MergeForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                submit_merge(request.user, form.weights, form.cleaned_data["rank"], form.cleaned_data["title"])
                messages.success(request, "A worker merges it now. It will be among your LoRAs in a moment.")
                return redirect("lab-merge")
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
    ticked = form.weights if request.method == "POST" else dict.fromkeys(request.GET.getlist("merge")[:5], 1.0)
    usable = mergeable_by(request.user).newest_for(request.user).order_by("family", "title")
    context = {
        "form": form,
        "options": [{"row": row, "ticked": row.name in ticked, "weight": ticked.get(row.name, 1.0)} for row in usable],
        **merges_of(request),
    }
    return render(request, "generation/lab/merge.html", context, status=status)


def merges_of(request: SignedInRequest) -> dict[str, object]:
    rows = list(LoraMerge.objects.of(request.user).select_related("lora").newest()[:MERGES_SHOWN])
    return {"merges": rows, "going": any(row.state in LoraMerge.UNFINISHED for row in rows)}


@signed_in_only
@require_GET
def waiting(request: SignedInRequest) -> HttpResponse:
    """The list by itself, asked for again while something waits."""
    return render(request, "generation/lab/merge_list.html", merges_of(request))
