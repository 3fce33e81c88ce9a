"""The public pages of the catalog: LoRAs and checkpoints, and the page of one of each."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from generation.models import Checkpoint, Lora
from generation.models.catalog import FAMILY_TITLES
from generation.showroom import showroom
from generation.views.samples import samples_of

SAMPLES_ON_A_CARD = 3
PRINTS_SHOWN = 24


def card(row: Checkpoint | Lora) -> dict[str, Any]:
    return {"row": row, "samples": [each for each in samples_of(row) if each.picture][:SAMPLES_ON_A_CARD]}


@require_safe
def loras(request: HttpRequest) -> HttpResponse:
    """LoRAs that this person may use; `?family=` keeps those that fit one family of checkpoints."""
    rows = Lora.objects.usable_by(request.user).order_by("title")
    present = set(rows.values_list("family", flat=True))
    family = request.GET.get("family", "")
    context = {
        "families": [(key, title) for key, title in FAMILY_TITLES.items() if key in present],
        "family": family,
        "cards": [card(row) for row in (rows.for_family(family) if family in present else rows)],
    }
    return render(request, "generation/loras.html", context)


@require_safe
def lora(request: HttpRequest, name: str) -> HttpResponse:
    row: Lora | None = Lora.objects.usable_by(request.user).filter(name=name).first()
    if row is None:
        raise Http404("There is no such LoRA.")
    context = {"row": row, "samples": samples_of(row), "prints": showroom.made_with(row.sha256, PRINTS_SHOWN)}
    return render(request, "generation/lora.html", context)


@require_safe
def checkpoints(request: HttpRequest) -> HttpResponse:
    rows = Checkpoint.objects.usable_by(request.user).order_by("-is_default", "title")
    return render(request, "generation/checkpoints.html", {"cards": [card(row) for row in rows]})


@require_safe
def checkpoint(request: HttpRequest, name: str) -> HttpResponse:
    row: Checkpoint | None = Checkpoint.objects.usable_by(request.user).filter(name=name).first()
    if row is None:
        raise Http404("There is no such checkpoint.")
    context = {
        "row": row,
        "samples": samples_of(row),
        "loras": [card(lora) for lora in Lora.objects.usable_by(request.user).for_family(row.family).order_by("title")],
        "prints": showroom.made_with(row.sha256, PRINTS_SHOWN),
    }
    return render(request, "generation/checkpoint.html", context)
