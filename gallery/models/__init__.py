"""The rows of the gallery. Each file holds what belongs together; verbs live in the modules beside."""

from __future__ import annotations

from gallery.models.acts import Claim, ModerationAct, Subject
from gallery.models.blocked import BlockedPicture
from gallery.models.collections import CollectedPost, Collection
from gallery.models.comments import Comment, CommentDecision, CommentReport
from gallery.models.follows import Follow
from gallery.models.likes import Like
from gallery.models.moderated import Moderated, new_code
from gallery.models.notices import Notice, NoticeAddress
from gallery.models.notifications import Notification
from gallery.models.posts import NEWEST, BlockedPhrase, Decision, Post, PostQuerySet, Report, Tag
from gallery.models.reasons import ManagedReason, reasons_for
from gallery.models.releases import Release, ReleaseDecision, ReleaseSample
from gallery.models.sanctions import Appeal, Sanction

__all__ = [
    "NEWEST",
    "Appeal",
    "BlockedPhrase",
    "BlockedPicture",
    "Claim",
    "CollectedPost",
    "Collection",
    "Comment",
    "CommentDecision",
    "CommentReport",
    "Decision",
    "Follow",
    "Like",
    "ManagedReason",
    "Moderated",
    "ModerationAct",
    "Notice",
    "NoticeAddress",
    "Notification",
    "Post",
    "PostQuerySet",
    "Release",
    "ReleaseDecision",
    "ReleaseSample",
    "Report",
    "Sanction",
    "Subject",
    "Tag",
    "new_code",
    "reasons_for",
]
