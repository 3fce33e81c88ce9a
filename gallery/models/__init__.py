"""The rows of the gallery. Each file holds what belongs together; verbs live in the modules beside."""

from __future__ import annotations

from gallery.models.blocked import BlockedPicture
from gallery.models.collections import CollectedPost, Collection
from gallery.models.comments import Comment, CommentDecision, CommentReport
from gallery.models.follows import Follow
from gallery.models.likes import Like
from gallery.models.moderated import Moderated, new_code
from gallery.models.notifications import Notification
from gallery.models.posts import NEWEST, BlockedPhrase, Decision, Post, PostQuerySet, Report, Tag
from gallery.models.releases import Release, ReleaseDecision, ReleaseSample

__all__ = [
    "NEWEST",
    "BlockedPhrase",
    "BlockedPicture",
    "CollectedPost",
    "Collection",
    "Comment",
    "CommentDecision",
    "CommentReport",
    "Decision",
    "Follow",
    "Like",
    "Moderated",
    "Notification",
    "Post",
    "PostQuerySet",
    "Release",
    "ReleaseDecision",
    "ReleaseSample",
    "Report",
    "Tag",
    "new_code",
]
