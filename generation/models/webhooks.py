"""Addresses of other programs that are told when something ends, and each thing that they are told.

Written by `jobs.webhooks` and by nobody else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from generation.models.jobs import new_code


class WebhookEvent(models.TextChoices):
    JOB_DONE = "job.done", "A picture is ready"
    JOB_FAILED = "job.failed", "A picture could not be made"
    JOB_CANCELLED = "job.cancelled", "A picture was cancelled"
    TEST = "webhook.test", "Sent by hand, to try the address"


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def of(self, user: object) -> Self:
        return self.filter(owner=user)

    def newest(self) -> Self:
        return self.order_by("-id")

    def enabled(self) -> Self:
        return self.filter(is_enabled=True)


class Webhook(models.Model):
    """One address of one person's. Its secrets are sealed with the site's key: who reads the table cannot sign."""

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=500)
    events = models.JSONField(default=list, help_text="What it is told of, by the names of WebhookEvent.")
    secret = models.CharField(max_length=300, help_text="Sealed.")
    former_secret = models.CharField(max_length=300, blank=True, help_text="Sealed; signs too until `former_until`.")
    former_until = models.DateTimeField(null=True, blank=True)
    is_enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True, help_text="Why the site switched it off.")
    failing_since = models.DateTimeField(null=True, blank=True, help_text="Nothing has arrived there since.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "url"], name="one_webhook_an_address")]

    def __str__(self) -> str:
        return f"{self.code} ({self.url})"


class DeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def newest(self) -> Self:
        return self.order_by("-id")

    def waiting(self) -> Self:
        return self.filter(state=WebhookDelivery.State.WAITING)

    def due(self) -> Self:
        """What is to be sent now, of addresses that are in use and people who are active, longest due first."""
        mine = models.Q(webhook__is_enabled=True, webhook__owner__is_active=True)
        return self.waiting().filter(mine, next_try_at__lte=timezone.now()).order_by("next_try_at", "pk")

    def older_than(self, age: timedelta) -> Self:
        return self.filter(created_at__lt=timezone.now() - age)


class WebhookDelivery(models.Model):
    """One thing that an address is told, and what came of it. Its `code` stays the same over all tries."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=20, choices=WebhookEvent.choices)
    body = models.TextField(help_text="JSON, as it is signed.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status of the last answer.")
    error = models.CharField(max_length=200, blank=True, help_text="What went wrong the last time.")
    milliseconds = models.PositiveIntegerField(null=True, blank=True, help_text="How long the last try took.")
    created_at = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        indexes = [
            models.Index(fields=["next_try_at", "id"], name="delivery_due", condition=models.Q(state="waiting")),
            models.Index(fields=["webhook", "-id"], name="delivery_of_webhook"),
            models.Index(fields=["created_at"], name="delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event} ({self.code})"
