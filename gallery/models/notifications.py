"""What others did that somebody hears of. What moderators decide is told by the things themselves; see `news`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from gallery.models.posts import Post


class Notification(models.Model):
    """Something that happened to a person's post or to themselves; while unread, more of the same is counted in it."""

    class Kind(models.TextChoices):
        LIKE = "like", "Like"
        COMMENT = "comment", "Comment"
        FOLLOW = "follow", "Follower"
        REMIX = "remix", "Remix"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    post = models.ForeignKey(Post, null=True, on_delete=models.CASCADE, related_name="+")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+",
        help_text="Who did it last; empty where they have taken it back.",
    )  # fmt: skip
    number = models.PositiveIntegerField(default=1, help_text="How often it happened.")
    group = models.CharField(max_length=40, help_text="What is counted together.")
    at = models.DateTimeField(help_text="When it happened last.")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["person", "-at", "-id"], name="notification_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "group"], condition=models.Q(read_at=None), name="one_unread_of_a_group"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.person}"
