"""How a picture is rated, and up to which rating somebody sees pictures unveiled."""

from __future__ import annotations

from django.db import models


class Rating(models.TextChoices):
    """What a picture shows, mildest first."""

    GENERAL = "general", "General"
    SENSITIVE = "sensitive", "Sensitive"
    EXPLICIT = "explicit", "Explicit"

    @property
    def level(self) -> int:
        """0 to 2: ratings are compared by it, never by their names."""
        return list(Rating).index(self)


def is_above(rating: str, limit: str) -> bool:
    """Whether a picture of this rating is more than the limit lets through."""
    return Rating(rating).level > Rating(limit).level


def strongest(*ratings: str) -> Rating:
    return max(map(Rating, ratings), key=lambda rating: rating.level)
