"""Pages of public posts by cursor: a page begins after one post, so it stays whole while others are approved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Q
from django.http import HttpRequest

from gallery.models import Post, PostQuerySet

signer = Signer(salt="gallery.paging")
POSTS_A_PAGE = 48


@dataclass(frozen=True, slots=True)
class Page:
    """Posts, newest first, and the address of the next page (empty: this is the last)."""

    posts: Sequence[Post]
    next_url: str
    is_first: bool


def page_of(posts: PostQuerySet, request: HttpRequest, size: int = POSTS_A_PAGE) -> Page:
    """The page after the post that `?after=` names; the first one for a cursor that we never gave out."""
    begin = _read(request.GET.get("after", ""))
    rows = posts.filter(older_than(*begin)) if begin else posts
    found = list(rows.select_related("image", "author").newest()[: size + 1])
    more = found[size - 1] if len(found) > size else None
    return Page(found[:size], _address(request, more) if more else "", begin is None)


def older_than(approved_at: datetime, pk: int) -> Q:
    return Q(approved_at__lt=approved_at) | Q(approved_at=approved_at, pk__lt=pk)


def newer_than(approved_at: datetime, pk: int) -> Q:
    return Q(approved_at__gt=approved_at) | Q(approved_at=approved_at, pk__gt=pk)


def _read(cursor: str) -> tuple[datetime, int] | None:
    try:
        moment, pk = signer.unsign_object(cursor)
        return datetime.fromisoformat(moment), int(pk)
    except (BadSignature, ValueError):
        return None


def _address(request: HttpRequest, last: Post) -> str:
    assert last.approved_at is not None
    cursor: Any = signer.sign_object([last.approved_at.isoformat(), last.pk])
    query = request.GET.copy()
    query["after"] = cursor
    return f"{request.path}?{query.urlencode()}"
