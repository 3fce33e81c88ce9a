"""A data set as its page's table: pictures with captions, what is held out, how many tokens. Plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from accounts.refusals import counted
from generation.models import DataPicture, DataSet
from generation.training.datasets.captioning import Length, caption_counter, caption_of
from generation.training.datasets.splitting import held_out_of, usual_folds

LEAST_PICTURES = 3


@dataclass(frozen=True, slots=True)
class TablePicture:
    """One picture on the table. `length` is that of what is trained; None where no checkpoint can say."""

    picture: DataPicture
    held_out: bool
    length: Length | None

    @property
    def is_long(self) -> bool:
        return self.length is not None and self.length.tokens > self.length.read

    @property
    def tokens_text(self) -> str:
        return token_words(self.length)

    @property
    def crop_text(self) -> str:
        """The crop as the dialog reads it: four numbers, or nothing."""
        return ",".join(f"{edge:g}" for edge in self.picture.crop or ())

    @property
    def focus_text(self) -> str:
        """The focus likewise: two numbers, or nothing."""
        return ",".join(f"{share:g}" for share in self.picture.focus or ())


@dataclass(frozen=True, slots=True)
class DataSetTable:
    """All pictures in their order, and what holds for them together.

    With more than one of `folds` each picture is held out in turn, and the LoRA learns all: none is marked.
    """

    pictures: Sequence[TablePicture]
    folds: int = 1

    @property
    def held_out(self) -> int:
        return sum(each.held_out for each in self.pictures)

    @property
    def trained(self) -> int:
        return len(self.pictures) - self.held_out

    @property
    def missing(self) -> int:
        """How many pictures are still needed before anything can be trained."""
        return max(0, LEAST_PICTURES - len(self.pictures))

    @property
    def uncaptioned(self) -> int:
        return sum(not each.picture.caption for each in self.pictures)


def table_of(dataset: DataSet) -> DataSetTable:
    folds, count = usual_folds(dataset), caption_counter()
    held_out = held_out_of(dataset) if folds == 1 else set()
    pictures = [
        TablePicture(picture, picture.pk in held_out, count(caption_of(picture, dataset)) if count else None)
        for picture in dataset.pictures.order_by("pk")
    ]
    return DataSetTable(pictures, folds)


def split_words(pictures: int, held_out: int, folds: int) -> str:
    """What a training learns and what it measures on, in a few words."""
    if folds > 1 and pictures > 1:
        return f"Learns all {pictures} pictures, each held out in turn"
    return f"{counted(pictures - held_out, 'picture')} to train on, {held_out} held out"


def token_words(length: Length | None) -> str:
    """How long a caption is to the checkpoint, and that its end is lost where it is too long."""
    if length is None:
        return ""
    if length.tokens > length.read:
        return f"{length.tokens} tokens, {length.read} are read"
    return "1 token" if length.tokens == 1 else f"{length.tokens} tokens"


@dataclass(frozen=True, slots=True)
class DataSetCard:
    """A data set on a page of many, with its first pictures."""

    dataset: DataSet
    pictures: Sequence[DataPicture]
    count: int


def cards_of(datasets: QuerySet[DataSet], pictures: int = 4) -> list[DataSetCard]:
    """Two queries, however many there are."""
    rows = datasets.prefetch_related(Prefetch("pictures", DataPicture.objects.order_by("pk")))
    return [DataSetCard(row, list(row.pictures.all())[:pictures], len(row.pictures.all())) for row in rows]
