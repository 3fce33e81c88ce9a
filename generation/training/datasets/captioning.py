"""The captions of pictures: one by hand, all at once, their length in tokens. Files of captions are `caption_files`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.db import transaction

from accounts.refusals import Refusal
from generation.catalog.tokenizing import measure_for
from generation.models import Checkpoint, DataPicture, DataSet
from generation.training.datasets.preparing import MAX_CAPTION_CHARS, tidy_caption


class Length(NamedTuple):
    """How many tokens a caption has, and how many a checkpoint reads at once; a training reads no more of it."""

    tokens: int
    read: int


def set_caption(picture: DataPicture, caption: str) -> None:
    """Empty: the trigger of the data set stands for it. Raises Refusal when it is too long."""
    picture.caption = checked_caption(caption)
    picture.save(update_fields=["caption"])


def replace_in_captions(dataset: DataSet, find: str, put: str) -> int:
    """Replace `find` by `put`, letter for letter, in every caption; how many captions changed."""
    if not find:
        raise Refusal("nothing-to-find", "Say what to look for.", field="find")
    return _rewrite(dataset.pictures.filter(caption__contains=find), lambda caption: caption.replace(find, put))


def surround_captions(dataset: DataSet, before: str, after: str) -> int:
    """Put words in front of every caption and behind it, with a comma between; how many captions changed."""
    before, after = before.strip(" ,"), after.strip(" ,")
    if not before and not after:
        raise Refusal("nothing-to-add", "Say which words to add.", field="before")
    return _rewrite(
        dataset.pictures.all(), lambda caption: ", ".join(part for part in (before, caption, after) if part)
    )


def clear_captions(dataset: DataSet) -> int:
    """Leave every picture to the trigger; how many captions went."""
    return dataset.pictures.exclude(caption="").update(caption="")


def checked_caption(caption: str) -> str:
    if len(caption) > MAX_CAPTION_CHARS:
        raise Refusal("long-caption", f"A caption has at most {MAX_CAPTION_CHARS} characters.", field="caption")
    return tidy_caption(caption)


def caption_of(picture: DataPicture, dataset: DataSet) -> str:
    """What the training reads: the caption, or the trigger where there is none."""
    return picture.caption or dataset.trigger


def caption_counter() -> Callable[[str], Length] | None:
    """Counts tokens as the default checkpoint reads them; None on a site without checkpoints."""
    checkpoint = Checkpoint.objects.filter(is_default=True).first() or Checkpoint.objects.first()
    if checkpoint is None:
        return None
    measure = measure_for(checkpoint)
    return lambda caption: Length(measure([(caption, 1.0)]).tokens, checkpoint.chunk_tokens)


def _rewrite(pictures: Iterable[DataPicture], rewritten: Callable[[str], str]) -> int:
    changed = []
    for picture in pictures:
        caption = checked_caption(rewritten(picture.caption))
        if caption != picture.caption:
            picture.caption = caption
            changed.append(picture)
    with transaction.atomic():
        DataPicture.objects.bulk_update(changed, ["caption"])
    return len(changed)
