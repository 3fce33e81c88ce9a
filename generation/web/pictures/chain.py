"""The chain of a picture: what it was made from, step by step, and what was made from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from accounts.refusals import NotFound
from generation.jobs.pinning import picture_of
from generation.models import GeneratedImage, SourcePicture
from generation.recipes.fields import RecipeField
from generation.recipes.starting import PictureRef, Start
from generation.web.create.starting import facts_of

LINKS_SHOWN = 6
FURTHER_SHOWN = 12
FURTHER_LOOKED_AT = 2_000
"""Of so many newer pictures it is asked whether they were made from this one: their recipes have no index."""
WHOLE = (0.0, 0.0, 100.0, 100.0)


@dataclass(frozen=True, slots=True)
class Link:
    """A picture of the chain: `url` is its page, empty for one that was brought; `gone`: it is not here any more."""

    picture: str = ""
    url: str = ""
    title: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """The source under the result: `box` are its left, top, width and height in hundredths of the result's."""

    picture: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Chain:
    """`before` begins with the picture that this one was made from; `facts` tell how."""

    before: Sequence[Link]
    after: Sequence[GeneratedImage]
    comparison: Comparison | None
    facts: Sequence[tuple[RecipeField, str]]


def chain_of(user: User, image: GeneratedImage) -> Chain:
    recipe = image.recipe
    before: list[Link] = []
    sources, seen = recipe.sources, {image.sha256}
    while sources and sources[0].sha256 not in seen and len(before) < LINKS_SHOWN:
        seen.add(sources[0].sha256)
        link, sources = link_of(user, sources[0])
        before.append(link)
    shown = before and not before[0].gone
    comparison = Comparison(before[0].picture, box_of(recipe.start) if recipe.start else WHOLE) if shown else None
    return Chain(before, made_from(user, image), comparison, facts_of(recipe))


def link_of(user: User, ref: PictureRef) -> tuple[Link, tuple[PictureRef, ...]]:
    """Where a picture is to be seen, and what it was made from itself."""
    image = GeneratedImage.objects.of(user).kept().filter(sha256=ref.sha256).first()
    if image is not None:
        file, page = reverse("image-file", args=[image.code]), reverse("image", args=[image.code])
        return Link(file, page, image.prompt), image.recipe.sources
    source = SourcePicture.objects.of(user).filter(sha256=ref.sha256).first()
    if source is not None:
        return Link(reverse("source-file", args=[source.code]), "", source.name or "A picture you brought"), ()
    try:
        if ref.code and picture_of(user, ref.code).sha256 == ref.sha256:
            return Link(reverse("source-file", args=[ref.code]), "", "A public picture"), ()
    except NotFound:
        pass
    return Link(title="Not here any more", gone=True), ()


def made_from(user: User, image: GeneratedImage) -> list[GeneratedImage]:
    """The pictures that were made from this one, oldest first."""
    newer = GeneratedImage.objects.of(user).kept().filter(pk__gt=image.pk).order_by("pk").values("pk")
    among = GeneratedImage.objects.filter(pk__in=newer[:FURTHER_LOOKED_AT])
    made = Q()
    for place in ("start__source", "enlarge__source", "inversion__source__picture", "inversion__toward__picture"):
        made |= Q(**{f"recipe_json__{place}__sha256": image.sha256})
    return list(among.filter(made).order_by("pk")[:FURTHER_SHOWN])


def box_of(start: Start) -> tuple[float, float, float, float]:
    """Where the source lies in a picture that has grown."""
    left, top, _, _ = start.grow
    width, height = start.grown_size
    return (
        100 * left / width,
        100 * top / height,
        100 * start.source.width / width,
        100 * start.source.height / height,
    )
