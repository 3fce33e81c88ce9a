"""Adds pictures and captions to a data set: files, zips, one's own pictures. What is unfit is refused by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from posixpath import splitext
from typing import IO, Protocol

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.quotas import hold_account
from accounts.refusals import NoRoom, NotFound, QuotaExceeded
from generation.imaging.pdq import SAME_PICTURE, SURE_QUALITY, pdq_distance
from generation.imaging.untrusted import MAX_FILE_BYTES
from generation.models import DataPicture, DataSet, GeneratedImage
from generation.models.jobs import new_code
from generation.storage import files
from generation.storage.quota import check_room
from generation.training.datasets.archives import Entry, entries_of, looks_like_zip
from generation.training.datasets.caption_files import (
    MAX_CAPTION_BYTES,
    CaptionFile,
    CaptionFiles,
    caption_key,
    is_caption_file,
    picture_keys,
    second_caption,
)
from generation.training.datasets.lifecycle import FOLDER
from generation.training.datasets.preparing import MOST_PIXELS, PixelBudget, PreparedPicture, prepare_picture
from generation.training.datasets.refusals import FileRefused, RefusedFile, plain_name

MAX_PICTURES = 200
MADE_NAME_CHARS = 40
"""How much of its prompt a made picture is called by."""


class Upload(Protocol):
    """A file as a browser sent it: Django's uploaded files are such."""

    @property
    def name(self) -> str | None: ...

    @property
    def file(self) -> IO[bytes] | None: ...

    @property
    def size(self) -> int | None: ...


@dataclass(slots=True)
class Collected:
    """What became of an upload. `captioned` were there already and got new words."""

    added: list[DataPicture] = field(default_factory=list)
    captioned: list[DataPicture] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)


def add_uploads(dataset: DataSet, uploads: Iterable[Upload], *, similar_too: bool = False) -> Collected:
    """Add pictures and zips of pictures; caption files are for pictures beside them or of that name in the set.

    Good ones are kept whatever happens to others. `similar_too` lets near-duplicates in; equal ones come in once.
    Raises NoRoom when the disk is full before any is kept.
    """
    sent = list(uploads)
    return _collect(dataset, _entries(sent), PixelBudget(sum(upload.size or 0 for upload in sent)), similar_too)


def add_images(dataset: DataSet, images: Iterable[GeneratedImage], *, similar_too: bool = False) -> Collected:
    """Add one's own made pictures, called by and captioned with their prompts."""
    return _collect(dataset, (_made(image) for image in images), PixelBudget(MOST_PIXELS), similar_too)


def _made(image: GeneratedImage) -> Entry | RefusedFile:
    name = _file_name_of(image)
    try:
        return Entry(name, files.read_kept(image.file), image.prompt)
    except NotFound as gone:
        return RefusedFile(name, gone.code, gone.message)


def _collect(
    dataset: DataSet, entries: Iterable[Entry | CaptionFile | RefusedFile], budget: PixelBudget, similar_too: bool
) -> Collected:
    collected = Collected()
    for entry in entries:
        if isinstance(entry, RefusedFile):
            collected.refused.append(entry)
            continue
        try:
            if isinstance(entry, CaptionFile):
                picture = _named_like(dataset, entry)
                if picture in collected.captioned:
                    raise second_caption()
                picture.caption = entry.text
                picture.save(update_fields=["caption"])
                collected.captioned.append(picture)
                continue
            prepared = prepare_picture(entry.data, budget, entry.caption)
            collected.added.append(_keep(dataset, entry.name, prepared, similar_too))
            if prepared.untaken:
                raise prepared.untaken
        except FileRefused as refused:
            collected.refused.append(refused.named(plain_name(entry.name)))
        except NoRoom as full:
            if not collected.added:
                raise
            collected.refused.append(RefusedFile(plain_name(entry.name), full.code, full.message))
    return collected


def _named_like(dataset: DataSet, file: CaptionFile) -> DataPicture:
    """Raises FileRefused unless just one picture of the set has this name."""
    key = caption_key(plain_name(splitext(file.name)[0]) + ".txt")
    named = [picture for picture in dataset.pictures.all() if key in picture_keys(picture.name)]
    pictures = [picture for picture in named if picture_keys(picture.name)[0] == key] or named
    if not pictures:
        raise FileRefused("no-picture", "There is no picture of this name to caption.")
    if len(pictures) > 1:
        raise FileRefused("many-pictures", f"{len(pictures)} pictures have this name; caption them by hand.")
    return pictures[0]


def _entries(uploads: list[Upload]) -> Iterator[Entry | CaptionFile | RefusedFile]:
    """Zips and pictures in their order, then the captions whose picture did not come with them."""
    captions = CaptionFiles()
    for upload in uploads:
        if is_caption_file(upload.name or "") and upload.file is not None:
            try:
                captions.add(upload.name or "", upload.file.read(MAX_CAPTION_BYTES + 1))
            except FileRefused as refused:
                yield refused.named(plain_name(upload.name or ""))
    for upload in uploads:
        name = plain_name(upload.name or "")
        if is_caption_file(upload.name or "") or upload.file is None:
            continue
        try:
            if looks_like_zip(upload.file):
                yield from entries_of(upload.file)
            else:
                # One byte more than is allowed tells a file that is too large, without reading all of it.
                data = upload.file.read(MAX_FILE_BYTES + 1)
                yield Entry(name, data, captions.caption_of(upload.name or ""))
        except FileRefused as refused:
            yield refused.named(name)
    yield from captions.left()


def _keep(dataset: DataSet, name: str, prepared: PreparedPicture, similar_too: bool) -> DataPicture:
    """Write the files, then the row. Raises FileRefused when the set is full, has it already, or the plan is full."""
    with transaction.atomic():
        # Locked until the row is there, or two uploads at once could both pass the limits, or both add one picture.
        hold_account(dataset.owner)
        list(DataSet.objects.select_for_update().filter(owner=dataset.owner).order_by("pk"))
        _check_room(dataset, prepared)
        _check_twins(dataset, prepared, similar_too)
        code, written = new_code(), []
        try:
            for kind, data in ((".png", prepared.file), ("-small.webp", prepared.thumbnail)):
                written.append(files.write(f"{FOLDER}/{dataset.code}/{code}{kind}", data))
            picture = DataPicture(
                code=code,
                dataset=dataset,
                name=name,
                file=written[0],
                thumbnail=written[1],
                width=prepared.width,
                height=prepared.height,
                size_bytes=len(prepared.file) + len(prepared.thumbnail),
                sha256=prepared.sha256,
                pdq=prepared.pdq,
                caption=prepared.caption,
            )
            with transaction.atomic():
                picture.save()
        except BaseException as error:
            files.discard(*written)
            if isinstance(error, IntegrityError):
                raise FileRefused("same-picture", "This picture is in the data set already.") from error
            raise
    return picture


def _check_room(dataset: DataSet, prepared: PreparedPicture) -> None:
    if dataset.pictures.count() >= MAX_PICTURES:
        raise FileRefused("dataset-full", f"A data set holds {MAX_PICTURES} pictures, and this one is full.")
    try:
        check_room(dataset.owner, len(prepared.file) + len(prepared.thumbnail))
    except QuotaExceeded as full:
        raise FileRefused(full.code, full.message) from full


def _check_twins(dataset: DataSet, prepared: PreparedPicture, similar_too: bool) -> None:
    for name, sha256, pdq in dataset.pictures.values_list("name", "sha256", "pdq"):
        if sha256 == prepared.sha256:
            raise FileRefused("same-picture", f"This is the same picture as “{name}”.")
        near = prepared.quality >= SURE_QUALITY and pdq_distance(pdq, prepared.pdq) <= SAME_PICTURE
        if near and not similar_too:
            raise FileRefused("near-duplicate", f"This is nearly the same picture as “{name}”.")


def _file_name_of(image: GeneratedImage) -> str:
    return f"{slugify(image.prompt)[:MADE_NAME_CHARS].strip('-') or 'picture'}-{image.code}.png"
