"""Celery tasks about people, of a few lines: mail that leaves, and what is no longer kept. Sent by name."""

from __future__ import annotations

from celery import shared_task

from accounts import closing, mail, security_events, signups, visits


@shared_task
def send_due_mail() -> int:
    return mail.send_due()


@shared_task
def prune() -> dict[str, int]:
    return {
        "mails": mail.prune_mail(),
        "signups": signups.prune_unfinished(),
        "reopened": closing.reopen_due(),
        "visits": visits.end_unnoticed(),
        "security_events": security_events.prune_events(),
    }
