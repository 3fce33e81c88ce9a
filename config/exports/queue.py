"""The queue of copies: how one is asked for, claimed, held and ended, and when its file goes. Its contents: `contents`.

Rows are the truth: a worker that is killed leaves a lease that ends, and the next one begins the copy anew.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from accounts.mail import tell
from accounts.models import User
from accounts.quotas import measures
from accounts.refusals import Conflict, NoRoom, QuotaExceeded
from config.exports.disk import has_room, is_there, old_names, remove
from generation.messages import wakeups
from generation.models import AccountExport
from generation.models.leases import must_give_up
from generation.storage.files import ORPHAN_KEPT_FOR

logger = structlog.get_logger(__name__)

State = AccountExport.State
AGAIN_AFTER = timedelta(hours=1)
"""A copy reads everything: another one only after so long, whatever became of the last."""
SPARE_BYTES = 512 * 1024**2
"""What a copy leaves free on the disk, for everybody's pictures."""
BROKE = "The copy could not be finished. Ask for another; if that fails too, write to the people who run this site."


def ask_for_export(user: User) -> AccountExport:
    """Have a copy made; the one before it goes. One at a time: Conflict while one is being made.

    Raises QuotaExceeded within an hour of the last, NoRoom where the disk has no room for it.
    """
    ended = AccountExport.objects.of(user).exclude(state__in=AccountExport.UNFINISHED)
    if ended.filter(created_at__gt=timezone.now() - AGAIN_AFTER).exists():
        raise QuotaExceeded("export-too-soon", "A copy is made at most once an hour. Wait a little, then ask again.")
    if not has_room(measures.stored_bytes(user) + SPARE_BYTES):
        raise NoRoom
    try:
        with transaction.atomic():
            export = AccountExport.objects.create(owner=user, announced_at=timezone.now())
    except IntegrityError as error:
        raise Conflict("export-going", "A copy of your data is being made already.") from error
    transaction.on_commit(lambda: wakeups.send(wakeups.Task.EXPORT_ACCOUNTS))
    return export


def latest(user: User) -> AccountExport | None:
    export: AccountExport | None = AccountExport.objects.of(user).order_by("-pk").first()
    return export


def state_sentence(user: User) -> str:
    """What the account page tells of the last copy; empty where there is none."""
    export = latest(user)
    if export is None:
        return ""
    if export.state == State.DONE and export.expires_at is not None:
        return f"A copy is ready until {export.expires_at:%-d %B %Y}."
    return "The last copy could not be made." if export.state == State.FAILED else "A copy is being made."


def claim_next() -> AccountExport | None:
    """The oldest copy that waits, now this process's."""
    for export in AccountExport.objects.queued().order_by("pk")[:8]:
        row = AccountExport.objects.queued().of_attempt(export)
        if row.claim(state=State.RUNNING, started_at=Now(), files_done=0):
            claimed: AccountExport = AccountExport.objects.select_related("owner").get(pk=export.pk)
            return claimed
    return None


def finish_export(export: AccountExport, name: str, size_bytes: int) -> bool:
    """The file is there: its owner is told. False when the copy was no longer this attempt's."""
    now = timezone.now()
    expires_at = now + timedelta(days=settings.EXPORT_DAYS)
    with transaction.atomic():
        ended = AccountExport.objects.held(export).update(
            state=State.DONE, file=name, size_bytes=size_bytes, finished_at=now, expires_at=expires_at, lease_until=None
        )
        if not ended:
            return False
        for old in AccountExport.objects.of(export.owner).filter(pk__lt=export.pk):
            _forget(old)
        url = settings.SITE_URL + reverse("account-export")
        tell(export.owner, "The copy of your data is ready", "export_ready", until=f"{expires_at:%-d %B %Y}", url=url)
    logger.info("export_made", export=export.code, size_bytes=size_bytes)
    return True


def fail_export(export: AccountExport, message: str) -> bool:
    return _fail(export, message)


def _fail(export: AccountExport, message: str, **fields: int) -> bool:
    return bool(
        AccountExport.objects.held(export).update(
            state=State.FAILED, error_message=message[:300], finished_at=Now(), lease_until=None,
            expires_at=timezone.now() + timedelta(days=settings.EXPORT_DAYS), **fields,
        )
    )  # fmt: skip


def recover() -> dict[str, int]:
    """Put copies of dead workers back, give up what killed too many, and wake a worker for what waits unasked."""
    requeued = sum(put_back(export, expired=True) for export in AccountExport.objects.running().expired())
    sent = AccountExport.objects.queued().resend(lambda waiting: wakeups.send(wakeups.Task.EXPORT_ACCOUNTS))
    return {"exports_requeued": requeued, "exports_announced": sent}


def put_back(export: AccountExport, *, expired: bool = False) -> int:
    """A copy that was begun and is not finished waits again, or is given up for good; whether it waits, as a number.

    `expired` for one whose worker is gone: if it is not, after all, the copy stays with it.
    """
    crashes = export.solo_crash_count + 1
    if must_give_up(solo_crash_count=crashes):
        given_up = _fail(export, BROKE, solo_crash_count=crashes)
        logger.error("export_given_up", export=export.code, given_up=given_up)
        return 0
    row = AccountExport.objects.held(export)
    row = row.expired() if expired else row
    return int(row.put_back(state=State.QUEUED, solo_crash_count=crashes))


def prune() -> int:
    """Remove what is over, and files that no copy names, a day after they were last written; the number of files."""
    swept = sum(_forget(export) for export in AccountExport.objects.filter(expires_at__lt=timezone.now()))
    named = set(AccountExport.objects.exclude(file="").values_list("file", flat=True))
    for name in set(old_names(ORPHAN_KEPT_FOR)) - named:
        remove(name)
        swept += 1
    return swept


def forget_lost() -> int:
    """Remove finished copies whose files did not come along to this place, so that none is offered; their number.

    Each is made anew for who asks. Raises StorageAway.
    """
    return sum(_forget(export) for export in AccountExport.objects.exclude(file="") if not is_there(export.file))


def forget_exports(user: User) -> None:
    """Take away all copies of a person, finished or not. A worker that still writes one finds its row gone."""
    for export in AccountExport.objects.of(user):
        _forget(export)


def _forget(export: AccountExport) -> int:
    """The row first: one without its file would be offered, a file without its row is only swept."""
    export.delete()
    if export.file:
        transaction.on_commit(lambda: remove(export.file))
    return bool(export.file)
