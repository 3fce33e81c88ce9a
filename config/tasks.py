"""Celery tasks about a person as a whole, or about the database, of a few lines each."""

from __future__ import annotations

from celery import shared_task

from config import deletion, planner, resealing
from config.backup import schedule
from config.doctor import processes
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


@shared_task
def update_statistics() -> bool:
    return planner.update_statistics()


@shared_task
def back_up() -> str:
    return schedule.back_up_now()


@shared_task
def reseal_secrets() -> int:
    return resealing.reseal().sealed


@shared_task
def note_beat() -> None:
    processes.note_beat()
