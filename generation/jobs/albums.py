"""Albums: making, naming and deleting them, and which of one's own pictures are in them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import Conflict, NotFound, QuotaExceeded, Refusal
from generation.models import Album, AlbumPicture, GeneratedImage

MAX_ALBUMS = 200
MAX_TITLE_CHARS = 80


def own_album(user: User, code: str) -> Album:
    album: Album | None = Album.objects.of(user).filter(code=code).first()
    if album is None:
        raise NotFound("not-found", "There is no such album, or it is not yours.")
    return album


def create_album(user: User, title: str) -> Album:
    """A new, empty album. Refuses an empty or a second title, and more albums than a person may have."""
    title = clean_title(title)
    with transaction.atomic():
        hold_account(user)
        if Album.objects.of(user).count() >= MAX_ALBUMS:
            raise QuotaExceeded("too-many-albums", f"You may have {MAX_ALBUMS} albums. Delete one to make another.")
        _refuse_second(user, title)
        return Album.objects.create(owner=user, title=title)


def rename_album(album: Album, title: str) -> None:
    title = clean_title(title)
    _refuse_second(album.owner, title, besides=album)
    try:
        with transaction.atomic():
            album.title = title
            album.save(update_fields=["title"])
    except IntegrityError as error:  # another request was quicker with this title
        raise _second(title) from error


def clean_title(title: str) -> str:
    """On one line, without what cannot be seen."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in title).split())
    if not words:
        raise Refusal("no-title", "An album needs a title.", field="title")
    if len(words) > MAX_TITLE_CHARS:
        raise Refusal("title-too-long", f"A title has at most {MAX_TITLE_CHARS} characters.", field="title")
    return words


def _refuse_second(user: User, title: str, besides: Album | None = None) -> None:
    others = Album.objects.of(user).exclude(pk=besides.pk) if besides else Album.objects.of(user)
    if others.filter(title=title).exists():
        raise _second(title)


def _second(title: str) -> Refusal:
    return Conflict("album-exists", f"You have an album called “{title}” already.", field="title")


def add_to_album(album: Album, codes: Sequence[str]) -> int:
    """Put the owner's pictures among `codes` into it; how many came that were not in it."""
    rows = GeneratedImage.objects.of(album.owner).kept().filter(code__in=codes).exclude(album_entries__album=album)
    images = list(rows)
    # A picture that another request puts in meanwhile is in it all the same.
    entries = [AlbumPicture(album=album, image=image) for image in images]
    AlbumPicture.objects.bulk_create(entries, ignore_conflicts=True)
    return len(images)


def take_out_of_album(album: Album, codes: Sequence[str]) -> int:
    """Take pictures out of it; they stay among one's own. How many were in it."""
    gone, _ = AlbumPicture.objects.filter(album=album, image__code__in=codes).delete()
    return gone
