"""Comments on public posts, what was decided about them, and what people complain of."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models

from gallery.models.moderated import Moderated, WrittenOnce
from gallery.models.posts import Post, Report

COMMENT_CHARS = 1000


class CommentQuerySet(models.QuerySet["Comment"]):
    """Comments; filters read as a sentence: `Comment.objects.public().filter(post=post)`."""

    def public(self) -> Self:
        """Approved, on a public post, by somebody whose account is open."""
        return self.filter(
            state=Comment.State.APPROVED,
            author__is_active=True,
            post__state=Post.State.APPROVED,
            post__image__deleted_at=None,
            post__image__isnull=False,
        )

    def of(self, user: Any) -> Self:
        return self.filter(author=user)


class Comment(Moderated):
    """Plain text about a post. It is public at once, unless screening asks moderators to look first.

    One that its author takes back stays as a row without words, as all that is moderated.
    """

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments")
    words = models.TextField(max_length=COMMENT_CHARS)

    objects = CommentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["post", "state", "-id"], name="comment_newest_of_post"),
            models.Index(fields=["author", "-submitted_at"], name="comment_of_author"),
            models.Index(fields=["state", "-id"], name="comment_by_state"),
            models.Index(fields=["submitted_at", "id"], name="comment_waiting", condition=models.Q(state="pending")),
        ]

    def __str__(self) -> str:
        return self.words[:80]

    @property
    def title(self) -> str:
        """As lists of what one sent in name it."""
        return " ".join(self.words.split())[:80]


class CommentDecision(WrittenOnce):
    """One change of a comment's state."""

    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, related_name="decisions")


class CommentReport(models.Model):
    """Somebody's complaint about a comment: one from each person, open until a moderator has decided.

    It keeps the words that were complained of, which their author may take back meanwhile.
    """

    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, related_name="reports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="comment_reports")
    quoted = models.TextField(max_length=COMMENT_CHARS)
    reason = models.CharField(max_length=8, choices=Report.Reason.choices)
    words = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["user", "comment"], name="one_comment_report_per_person")]
        indexes = [models.Index(fields=["at", "id"], name="comment_report_waiting", condition=models.Q(closed_at=None))]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.quoted[:80]}"
