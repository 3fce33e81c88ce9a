"""Who follows whom: one direction, once each."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Follow(models.Model):
    """`follower` sees what `person` publishes in a feed of their own."""

    follower = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="followers")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["follower", "person"], name="one_follow_per_person"),
            models.CheckConstraint(condition=~models.Q(follower=models.F("person")), name="nobody_follows_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.follower}: {self.person}"
