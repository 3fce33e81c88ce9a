"""Likes: who likes which public picture, once each. `Post.points` counts them; `liking` alone writes both."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from gallery.models.posts import Post


class Like(models.Model):
    """One person's like of one post."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="likes")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="likes")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "post"], name="one_like_per_person")]

    def __str__(self) -> str:
        return f"{self.user}: {self.post}"
