"""The admin of the gallery: the moderators' screens. Only the verbs decide."""

from __future__ import annotations

from gallery.admin import posts, releases, safeguards

__all__ = ["posts", "releases", "safeguards"]
