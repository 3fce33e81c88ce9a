"""What a post is filtered by, as short words in `Post.facets`: its tags, weights, author, shape and rating. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SHAPES = {"square": "Square", "portrait": "Portrait", "landscape": "Landscape"}
NEARLY_SQUARE = 1.1
"""The longer side over the shorter one, up to which a picture counts as square."""
KEPT_DIGITS = 16


def shape_of(width: int, height: int) -> str:
    if max(width, height) <= NEARLY_SQUARE * min(width, height):
        return "square"
    return "portrait" if height > width else "landscape"


def of_tag(name: str) -> str:
    """A tag may have spaces and signs, on which the index of a database would break it."""
    return f"t{hashlib.sha256(name.encode()).hexdigest()[:KEPT_DIGITS]}"


def of_weights(sha256: str) -> str:
    """Of a checkpoint or a LoRA: by its content, so that one that leaves the catalog and comes back is the same."""
    return f"w{sha256[:KEPT_DIGITS]}"


def of_author(pk: int | str) -> str:
    return f"a{pk}"


def facets_of(author: int, shape: str, rating: str, tags: Iterable[str], weights: Iterable[str]) -> str:
    """The text of `Post.facets`, a space on both sides of each; weights are given by their SHA-256.

    Shape and rating stand there by their own names, which no other facet can have: those begin with a letter that
    tells their kind, and digits follow.
    """
    return f" {' '.join((of_author(author), shape, rating, *map(of_weights, weights), *map(of_tag, tags)))} "
