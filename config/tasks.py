"""Celery tasks about a person as a whole, of a few lines: copies of their data, and what is due to be deleted."""

from __future__ import annotations

from celery import shared_task

from config import deletion
from config.exports import archive, queue


@shared_task
def export_accounts() -> int:
    return archive.perform_ready_exports()


@shared_task
def recover_accounts() -> dict[str, int]:
    deletion.stop_leaving()
    return queue.recover()


@shared_task
def prune_accounts() -> dict[str, int]:
    return {"people": deletion.delete_due(), "exports": queue.prune()}
