"""What pages outside the gallery show of it, and the small pictures that stand for weight files everywhere.

The gallery registers its functions at start; nothing here imports it.

Without a gallery the pages show nothing public.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache as remembered
from typing import Any

from django.contrib.staticfiles import finders
from django.db.models import Value
from django.db.models.expressions import Combinable
from django.templatetags.static import static
from django.utils.text import slugify

from accounts.questions import Question
from accounts.ratings import Rating
from generation.messages.kept import kept_each
from generation.models import Checkpoint, GeneratedImage, Lora
from generation.recipes.picture import Recipe

KEPT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class PictureCard:
    """A public picture in a row of pictures: addresses, size in pixels, words for those who cannot see it,
    rating.

    `srcset` names further sizes of the picture, `anchor` the card's place in its page.
    """

    url: str
    picture: str
    width: int
    height: int
    alt: str
    author: str = ""
    srcset: str = ""
    anchor: str = ""
    rating: str = Rating.GENERAL

    @property
    def ratio(self) -> float:
        return self.width / self.height

    @property
    def twentieths(self) -> int:
        """The ratio as ratios.css names it, for browsers whose CSS cannot read the ratio itself."""
        return min(max(round(20 * self.ratio), 5), 80)

    @property
    def sizes(self) -> str:
        """How wide it is in justified rows, whose pictures are up to this high."""
        return f"(width < 768px) {round(180 * self.ratio)}px, {round(280 * self.ratio)}px"


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A weight file of a recipe, as the page of a picture names it: `kind` is checkpoint or lora.

    `row` is None for what the visitor may not see: it keeps its name and gets no link.
    """

    kind: str
    name: str
    row: Checkpoint | Lora | None
    weight: float = 1.0
    picture: str = ""


@dataclass(frozen=True, slots=True)
class PublicState:
    """What became of one's own picture or LoRA on its way to everybody.

    `row` is its post or release, None when it was never sent in; `reason` says why it is not public; `withdrawal` is
    what is asked before it is withdrawn, None where it cannot be.
    """

    row: Any
    reason: str
    may_send: bool
    withdrawal: Question | None


@dataclass(frozen=True, slots=True)
class Origin:
    """A public post that pictures are made from: `code` names it, `url` is its page."""

    code: str
    title: str
    author: str
    url: str


@dataclass(slots=True)
class Registry:
    """`newest(limit)` gives public pictures; `recipe_of(code)` the recipe of a public post, or None;
    `origin_of(code)` that post as what is remixed, or None;
    `made_with(sha256, limit)` public pictures made with a weight file; `newest_pictures(sha256s)` the small picture of
    the newest for each of several, by their SHA-256, empty where there is none; `samples_of(loras, user)` the pictures
    that came with a LoRA's release, by the LoRA's id, for those that this person may see; `state_of(thing)` what
    became of one's own image or LoRA, or None; `unread(user)` how many decisions on these a person has not read, as an
    expression of a query.
    """

    newest: Callable[[int], Sequence[PictureCard]] = lambda limit: ()
    recipe_of: Callable[[str], Recipe | None] = lambda code: None
    origin_of: Callable[[str], Origin | None] = lambda code: None
    made_with: Callable[[str, int], Sequence[PictureCard]] = lambda sha256, limit: ()
    newest_pictures: Callable[[Sequence[str]], Mapping[str, str]] = lambda sha256s: dict.fromkeys(sha256s, "")
    samples_of: Callable[[Sequence[int], Any], Mapping[int, Sequence[PictureCard]]] = lambda loras, user: {}
    state_of: Callable[[GeneratedImage | Lora], PublicState | None] = lambda thing: None
    unread: Callable[[Any], Combinable] = lambda user: Value(0)


registry = Registry()


def example_picture(name: str, prompt: str) -> str:
    """The address of the example that came with a bundled weight file; empty where none was drawn."""
    path = f"img/examples/{name}/{slugify(prompt)}.webp"
    return static(path) if _is_there(path) else ""


@remembered
def _is_there(path: str) -> bool:
    """Static files do not change while the site runs; a missing one must not break the page."""
    return finders.find(path) is not None


def ingredients(recipe: Recipe, checkpoint: Checkpoint | None, loras: Mapping[str, Lora]) -> list[Ingredient]:
    """The weight files that a recipe names; `checkpoint` and `loras` (by their SHA-256) are those that may be seen."""
    picks = [(pick, loras.get(pick.sha256)) for pick in recipe.every_lora]
    pictures = weight_pictures([checkpoint, *(row for _, row in picks)])
    picture = pictures[checkpoint.sha256] if checkpoint else ""
    return [
        Ingredient("checkpoint", recipe.checkpoint, checkpoint, picture=picture),
        *(Ingredient("lora", pick.name, row, pick.weight, pictures[row.sha256] if row else "") for pick, row in picks),
    ]


def weight_picture(row: Checkpoint | Lora | None) -> str:
    return weight_pictures([row])[row.sha256] if row else ""


def weight_pictures(rows: Iterable[Checkpoint | Lora | None]) -> dict[str, str]:
    """What stands for each weight file, by its SHA-256: an example that came with it, else the newest public picture
    made with it, else nothing. One query at most, as a rule."""
    pictures = {row.sha256: _example_of(row) for row in rows if row is not None}
    missing = [sha256 for sha256, picture in pictures.items() if not picture]
    return {**pictures, **(_newest_pictures(missing) if missing else {})}


def _example_of(row: Checkpoint | Lora) -> str:
    examples = (example_picture(row.name, prompt) for prompt in row.example_prompts)
    return next((one for one in examples if one), "")


def _newest_pictures(sha256s: Sequence[str]) -> dict[str, str]:
    """Kept for as long as a withdrawn picture may be seen in a cache, since pages show it beside every recipe."""
    return kept_each("weight-picture", sha256s, KEPT_SECONDS, registry.newest_pictures)
