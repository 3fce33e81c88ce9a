"""A data set as the light table shows it: prints with captions, what is held out, how many tokens. Plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from generation.datasets.captioning import CHUNK_TOKENS, caption_counter, caption_of
from generation.datasets.splitting import held_out_of
from generation.models import DataPicture, DataSet

LEAST_PICTURES = 3


@dataclass(frozen=True, slots=True)
class Print:
    """One picture on the table. `tokens` counts what is trained; None where no checkpoint can say."""

    picture: DataPicture
    held_out: bool
    tokens: int | None

    @property
    def is_long(self) -> bool:
        return self.tokens is not None and self.tokens > CHUNK_TOKENS

    @property
    def tokens_said(self) -> str:
        return tokens_said(self.tokens)

    @property
    def crop_said(self) -> str:
        """The crop as the dialog reads it: four numbers, or nothing."""
        return ",".join(f"{edge:g}" for edge in self.picture.crop or ())

    @property
    def focus_said(self) -> str:
        """The focus likewise: two numbers, or nothing."""
        return ",".join(f"{share:g}" for share in self.picture.focus or ())


@dataclass(frozen=True, slots=True)
class LightTable:
    """All prints in their order, and what is to be said of them together."""

    prints: Sequence[Print]

    @property
    def held_out(self) -> int:
        return sum(each.held_out for each in self.prints)

    @property
    def trained(self) -> int:
        return len(self.prints) - self.held_out

    @property
    def missing(self) -> int:
        """How many pictures are still needed before anything can be trained."""
        return max(0, LEAST_PICTURES - len(self.prints))

    @property
    def uncaptioned(self) -> int:
        return sum(not each.picture.caption for each in self.prints)


def table_of(dataset: DataSet) -> LightTable:
    held_out, count = held_out_of(dataset), caption_counter()
    return LightTable(
        [
            Print(picture, picture.pk in held_out, count(caption_of(picture, dataset)) if count else None)
            for picture in dataset.pictures.order_by("pk")
        ]
    )


def tokens_said(tokens: int | None) -> str:
    """How long a caption is to the checkpoint, and that its end is lost where it is too long."""
    if tokens is None:
        return ""
    if tokens > CHUNK_TOKENS:
        return f"{tokens} tokens, {CHUNK_TOKENS} are read"
    return "1 token" if tokens == 1 else f"{tokens} tokens"


def cards_of(datasets: Iterable[DataSet], shown: int = 4) -> list[dict[str, Any]]:
    """Data sets with their first pictures, for a page of many."""
    cards = []
    for dataset in datasets:
        pictures = list(dataset.pictures.order_by("pk"))
        cards.append({"dataset": dataset, "pictures": pictures[:shown], "count": len(pictures)})
    return cards
