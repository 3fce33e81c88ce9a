"""What “My pictures” shows above its pictures: what is asked for, what else may be, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.refusals import Refusal
from generation.jobs.finding import Choice, PictureFilters, choices_of, counted_up_to
from generation.models import GeneratedImage
from generation.models.images import ImageQuerySet
from generation.web.access import SignedInRequest
from generation.web.paging import Page, page_of

MOST_COUNTED = 1000
ALBUMS_SHOWN = 12
TITLES = {"checkpoint": "Checkpoint", "lora": "LoRA", "size": "Size"}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter to press, with the address's query that it leads to; `kind` names its icon."""

    kind: str
    label: str
    query: str
    on: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    name: str
    title: str
    choices: list[Choice]
    chosen: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of one person's pictures; `is_more`: there are more than `total`; `refusal`: what cannot be read."""

    page: Page
    filters: PictureFilters
    album: Choice | None
    albums: list[Choice]
    selects: list[Select]
    total: int
    is_more: bool
    refusal: str = ""

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What is in the address, as a form's fields."""
        return list(self.filters.given().items())

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the form for the rest hands on: all that it has no field for."""
        own = {*TITLES, "since", "until"} - ({*TITLES} - {select.name for select in self.selects})
        return [(name, value) for name, value in self.asked if name not in own]

    @property
    def chips(self) -> list[Chip]:
        """The star, the albums, and what else is on."""
        asked = self.filters
        chips = [
            Chip("star", "Starred", replace(asked, starred="" if asked.starred else "1").query, bool(asked.starred))
        ]
        shown = self.albums[:ALBUMS_SHOWN]
        for album in [*([self.album] if self.album and self.album not in shown else []), *shown]:
            on = album.value == asked.album
            chips.append(Chip("images", album.title, replace(asked, album="" if on else album.value).query, on))
        for name, icon, words in (
            ("checkpoint", "box", "{}"),
            ("lora", "layers", "{}"),
            ("size", "maximize-2", "{}"),
            ("since", "clock", "From {}"),
            ("until", "clock", "Until {}"),
        ):
            if value := getattr(asked, name):
                label = words.format(value.replace("x", " × ") if name == "size" else value)
                chips.append(Chip(icon, label, asked.without(name).query, on=True))
        # What is on comes first, since a narrow window shows no more than the first few.
        return [chips[0], *sorted(chips[1:], key=lambda chip: not chip.on)]


def listing_of(request: SignedInRequest, size: int) -> Listing:
    """Read from the address; what cannot be read is said, and left out. Three queries at most."""
    refusal = ""
    try:
        filters = PictureFilters.of(request.GET)
    except Refusal as wrong:
        filters, refusal = PictureFilters(), wrong.message
    choices = choices_of(request.user)
    album = next((album for album in choices["album"] if album.value == filters.album), None)
    if filters.album and album is None:
        raise Http404("There is no such album, or it is not yours.")
    mine = GeneratedImage.objects.of(request.user).kept()
    rows = filters.apply(mine, album.pk if album else None)
    page = page_of(rows, request, size)
    total, is_more = count_of(rows, page, filters)
    selects = [
        Select(name, title, choices[name], getattr(filters, name)) for name, title in TITLES.items() if choices[name]
    ]
    return Listing(page, filters, album, choices["album"], selects, total, is_more, refusal)


def count_of(rows: ImageQuerySet, page: Page, filters: PictureFilters) -> tuple[int, bool]:
    """How many there are, or how many there are more than: what takes the longer the more they are is not counted."""
    if page.is_first and not page.older_url:
        return len(page.rows), False
    if filters.q:  # to find the words again would take as long as to show the page
        return len(page.rows), True
    total = counted_up_to(rows, MOST_COUNTED)
    return min(total, MOST_COUNTED), total > MOST_COUNTED


def back(request: SignedInRequest) -> HttpResponse:
    """To the page of pictures that a form was sent from, with its filters."""
    address = request.POST.get("back", "")
    is_ours = address.startswith("/images/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return redirect(address if is_ours else "images")


def say_refusal(request: SignedInRequest, refusal: Refusal) -> HttpResponse:
    messages.error(request, refusal.message)
    return back(request)
