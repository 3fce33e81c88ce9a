"""The admin of the gallery: the moderators' screens. Only the verbs decide."""

from __future__ import annotations

from gallery.admin import comments, desk, posts, releases, safeguards

__all__ = ["comments", "desk", "posts", "releases", "safeguards"]
