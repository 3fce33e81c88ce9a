"""Celery tasks of the gallery, of a few lines. Sent by name."""

from __future__ import annotations

from celery import shared_task

from gallery import digests, reminders


@shared_task
def send_digests() -> int:
    return digests.send_digests()


@shared_task
def remind_of_notices() -> int:
    return reminders.remind_of_notices()
