"""What pages outside the gallery show of it, and the small pictures that stand for weight files everywhere.

The gallery registers its functions at start; nothing here imports it.

Without a gallery the pages show nothing public.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache as remembered
from typing import Any

from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.db.models import Expression, Value
from django.templatetags.static import static
from django.utils.text import slugify

from accounts.questions import Question
from accounts.ratings import Rating
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
    `made_with(sha256, limit)` public pictures made with a weight file; `samples_of(loras, user)` the pictures that came
    with a LoRA's release, by the LoRA's id, for those of them that this person may see; `state_of(thing)` what
    became of one's own image or LoRA, or None; `unread(user)` how many decisions on these a person has not read, as an
    expression of a query.
    """

    newest: Callable[[int], Sequence[PictureCard]] = lambda limit: ()
    recipe_of: Callable[[str], Recipe | None] = lambda code: None
    origin_of: Callable[[str], Origin | None] = lambda code: None
    made_with: Callable[[str, int], Sequence[PictureCard]] = lambda sha256, limit: ()
    samples_of: Callable[[Sequence[int], Any], Mapping[int, Sequence[PictureCard]]] = lambda loras, user: {}
    state_of: Callable[[GeneratedImage | Lora], PublicState | None] = lambda thing: None
    unread: Callable[[Any], Expression] = lambda user: Value(0)


registry = Registry()


def example_picture(name: str, prompt: str) -> str:
    """The address of the example that came with a bundled weight file; empty where none was drawn."""
    path = f"img/examples/{name}/{slugify(prompt)}.webp"
    return static(path) if _is_there(path) else ""


@remembered
def _is_there(path: str) -> bool:
    """Static files do not change while the site runs; a missing one must not break the page."""
    return finders.find(path) is not None


def weight_picture(row: Checkpoint | Lora | None) -> str:
    """What stands for a weight file: an example that came with it, else the newest public picture made with it."""
    if row is None:
        return ""
    examples = (example_picture(row.name, prompt) for prompt in row.example_prompts)
    return next((one for one in examples if one), "") or _newest_picture(row.sha256)


def _newest_picture(sha256: str) -> str:
    """Kept for as long as a withdrawn picture may be seen in a cache, since pages show it beside every recipe."""
    key = f"weight-picture-{sha256}"
    picture: str | None = cache.get(key)
    if picture is None:
        picture = next((card.picture for card in registry.made_with(sha256, 1)), "")
        cache.set(key, picture, KEPT_SECONDS)
    return picture
