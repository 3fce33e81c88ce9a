"""The catalog: LoRAs and checkpoints, the page of one of each, a LoRA's file. Changing one's own is `loras`'."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_safe

from generation.catalog.loras.sharing import downloadable, pictures_with
from generation.catalog.loras.versions import may_follow, versions_of
from generation.models import Annotator, Checkpoint, ControlNet, Lora
from generation.models.catalog import FAMILY_TITLES
from generation.recipes.controls import PREPROCESSORS
from generation.storage.downloads import streamed_attachment
from generation.web.access import signed_out
from generation.web.catalog.samples import SamplePicture, released_samples, samples_of
from generation.web.public_pictures import PictureCard, registry

SAMPLES_ON_A_CARD = 3
PICTURES_SHOWN = 24
SEARCH_CHARS = 100


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of the list of LoRAs, and how the page calls it."""

    title: str
    order: tuple[str, ...]


SORTS = {
    "": Sort("By title", ("title", "pk")),
    "newest": Sort("Newest", ("-created_at", "-pk")),
    "downloads": Sort("Most downloaded", ("-downloads", "title", "pk")),
}


@dataclass(frozen=True, slots=True)
class LoraFilters:
    """What somebody asked of the list of LoRAs, as it stands in the address; empty means all of it, by title."""

    q: str = ""
    family: str = ""
    sort: str = ""
    mine: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str], families: Collection[str], mine: bool) -> Self:
        """Read out of a query string; a family or an order that is not there counts as none."""
        family, sort = query.get("family", ""), query.get("sort", "")
        return cls(
            q=query.get("q", "")[:SEARCH_CHARS].strip(),
            family=family if family in families else "",
            sort=sort if sort in SORTS else "",
            mine="1" if mine else "",
        )

    def but(self, **changes: str) -> str:
        """The query string with these changed."""
        return f"?{urlencode({key: value for key, value in asdict(replace(self, **changes)).items() if value})}"


@dataclass(frozen=True, slots=True)
class WeightCard:
    """A checkpoint or LoRA on a page of many."""

    row: Checkpoint | Lora
    samples: Sequence[SamplePicture]


@dataclass(frozen=True, slots=True)
class MergedFrom:
    """A parent of a merged LoRA; `name` is None where the user may not see it, so that it gets no link."""

    title: str
    weight: float
    name: str | None


def cards(rows: Sequence[Checkpoint | Lora], user: Any) -> list[WeightCard]:
    released = released_samples([row.pk for row in rows if isinstance(row, Lora)], user)
    return [WeightCard(row, card_samples(row, released)) for row in rows]


def card_samples(row: Checkpoint | Lora, released: dict[int, list[SamplePicture]]) -> list[SamplePicture]:
    """Pictures that came with the site, else those of its release."""
    own = [each for each in samples_of(row) if each.picture]
    return (own or (released.get(row.pk, []) if isinstance(row, Lora) else []))[:SAMPLES_ON_A_CARD]


@require_safe
def loras(request: HttpRequest) -> HttpResponse:
    """LoRAs that this person may use, the newest of each series.

    `?q=` keeps those with all the words, `?family=` one family, `?mine=1` their own; `?sort=` is a key of `SORTS`.
    """
    mine = request.GET.get("mine") == "1" and request.user.is_authenticated
    usable = Lora.objects.usable_by(request.user).newest_for(request.user)
    rows = Lora.objects.filter(owner=request.user.pk) if mine else usable
    present = set(rows.order_by().values_list("family", flat=True).distinct())
    asked = LoraFilters.of(request.GET, present, mine)
    if asked.family:
        rows = rows.for_family(asked.family)
    rows = rows.matching(asked.q).select_related("owner").order_by(*SORTS[asked.sort].order)
    families = [(key, title) for key, title in FAMILY_TITLES.items() if key in present]
    context = {
        "families": [(title, asked.but(family=key), asked.family == key) for key, title in families],
        "all_address": asked.but(family="", mine=""),
        "mine_address": asked.but(family="", mine="1"),
        "sorts": [(sort.title, asked.but(sort=key), asked.sort == key) for key, sort in SORTS.items()],
        "asked": asked,
        "cards": cards(list(rows), request.user),
    }
    return render(request, "generation/loras.html", context)


@require_safe
def lora(request: HttpRequest, name: str) -> HttpResponse:
    """One LoRA, by its own name or as the newest of a series; its owner sees it in every state."""
    visible = Lora.objects.visible_to(request.user).select_related("owner")
    row = visible.named(name)
    if row is None:
        raise Http404("There is no such LoRA.")
    released = released_samples([row.pk], request.user).get(row.pk, [])
    allowed = set(visible.filter(series=row.series).values_list("pk", flat=True)) if row.series else set()
    is_mine = request.user.is_authenticated and row.owner_id == request.user.pk
    context = {
        "row": row,
        "is_mine": is_mine,
        "may_follow": is_mine and may_follow(row).exists(),
        "samples": samples_of(row) or released,
        "versions": [each for each in versions_of(row) if each.pk in allowed],
        "parents": parents_of(row, request.user),
        "release": registry.state_of(row) if is_mine else None,
        "shared": row.shared_with.count() if is_mine else 0,
        "cards": registry.made_with(row.sha256, PICTURES_SHOWN),
        "own_cards": own_cards(request.user, row)[:PICTURES_SHOWN],
    }
    return render(request, "generation/lora.html", context)


def own_cards(user: Any, row: Lora) -> list[PictureCard]:
    """Pictures that the person who looks has made with it; each leads to its own page."""
    if not user.is_authenticated:
        return []
    return [
        PictureCard(
            url=reverse("image", args=[image.code]),
            picture=reverse("image-thumbnail", args=[image.code]),
            width=image.width,
            height=image.height,
            alt=image.prompt,
        )
        for image in pictures_with(user, row)
    ]


def parents_of(row: Lora, user: Any) -> list[MergedFrom]:
    """What it was merged from; a parent that this person may not see keeps its title, without a link."""
    rows = list(row.parents.select_related("parent"))
    seen = Lora.objects.visible_to(user).filter(pk__in=[each.parent_id for each in rows if each.parent_id])
    names = {lora.pk: lora.name for lora in seen}
    return [MergedFrom(each.name, each.weight, names.get(each.parent_id or 0)) for each in rows]


@require_safe
def checkpoints(request: HttpRequest) -> HttpResponse:
    rows = Checkpoint.objects.usable_by(request.user).order_by("-is_default", "title")
    return render(request, "generation/checkpoints.html", {"cards": cards(list(rows), request.user)})


@require_safe
def checkpoint(request: HttpRequest, name: str) -> HttpResponse:
    row: Checkpoint | None = Checkpoint.objects.usable_by(request.user).filter(name=name).first()
    if row is None:
        raise Http404("There is no such checkpoint.")
    fitting = Lora.objects.usable_by(request.user).newest_for(request.user).for_family(row.family)
    context = {
        "row": row,
        "samples": samples_of(row),
        "loras": cards(list(fitting.select_related("owner").order_by("title")), request.user),
        "cards": registry.made_with(row.sha256, PICTURES_SHOWN),
    }
    return render(request, "generation/checkpoint.html", context)


@require_safe
def controlnets(request: HttpRequest) -> HttpResponse:
    """The ControlNets that this person may use, and the ways to make a control picture."""
    annotators = list(Annotator.objects.usable_by(request.user).order_by("title"))
    context = {
        "rows": list(ControlNet.objects.usable_by(request.user).order_by("family", "title")),
        "preprocessors": PREPROCESSORS.values(),
        "annotators": [row for row in annotators if row.task != Annotator.Task.SEGMENT],
        "selector": next((row for row in annotators if row.task == Annotator.Task.SEGMENT), None),
    }
    return render(request, "generation/controlnets.html", context)


@require_GET
async def download(request: HttpRequest, name: str) -> HttpResponseBase:
    """A LoRA's file, in pieces since it is large; counted unless its owner takes it."""
    user = await request.auser()
    if not user.is_authenticated:
        return signed_out(request)
    row_and_path = await sync_to_async(downloadable)(user, name)
    if row_and_path is None:
        raise Http404("There is no such file, or it is not to be downloaded.")
    lora, path = row_and_path
    return await sync_to_async(streamed_attachment)(path, f"{lora.name}.safetensors")
