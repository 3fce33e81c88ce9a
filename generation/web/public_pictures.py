"""What pages outside the gallery show of it. The gallery registers its functions at start; nothing here imports it.

Without a gallery the pages show nothing public.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generation.recipes.picture import Recipe


@dataclass(frozen=True, slots=True)
class PictureCard:
    """A public picture in a row of pictures: addresses, size in pixels, words for those who cannot see it."""

    url: str
    picture: str
    width: int
    height: int
    alt: str
    author: str = ""

    @property
    def ratio(self) -> float:
        return self.width / self.height


@dataclass(slots=True)
class Registry:
    """`newest(limit)` gives public pictures; `recipe_of(code)` the recipe of a public post, or None;
    `made_with(sha256, limit)` public pictures made with a weight file; `samples_of(loras, user)` the pictures that came
    with a LoRA's release, by the LoRA's id, for those of them that this person may see.
    """

    newest: Callable[[int], Sequence[PictureCard]] = lambda limit: ()
    recipe_of: Callable[[str], Recipe | None] = lambda code: None
    made_with: Callable[[str, int], Sequence[PictureCard]] = lambda sha256, limit: ()
    samples_of: Callable[[Sequence[int], Any], Mapping[int, Sequence[PictureCard]]] = lambda loras, user: {}


registry = Registry()
