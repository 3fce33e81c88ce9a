"""First answers to requests that make something, kept so that a repeated request makes nothing more."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

ANSWER_KEPT_FOR = timedelta(days=1)


class KeptAnswer(models.Model):
    """What one person's Idempotency-Key stands for. `status` is empty while the first request is under way."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 over method, address and body.")
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    location = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_for_a_key")]

    def __str__(self) -> str:
        return f"{self.user}: {self.key}"
