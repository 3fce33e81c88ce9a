"""Deleting a person: the one verb that reaches into every app, and so belongs to none of them.

They leave in two steps: closed and out of everybody's sight at once, which they may take back for some days; then all
is taken away. An administrator's deletion is both at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.closing import close_account, close_for_now
from accounts.mail import tell
from accounts.models import User
from accounts.refusals import Conflict
from config.exports.queue import forget_exports
from gallery.collecting import hide_collections
from gallery.commenting import erase_comments
from gallery.following import forget_follows
from gallery.liking import forget_likes
from gallery.models import Collection, Notification
from gallery.publishing import erase_words, withdraw_posts
from gallery.releasing import withdraw_releases
from generation.catalog.loras.sharing import delete_lora
from generation.jobs.deletion import erase_pictures
from generation.jobs.lifecycle import cancel_jobs
from generation.jobs.sources import delete_source
from generation.models import (
    Album,
    DataSet,
    Job,
    Lora,
    LoraMerge,
    NamedPerson,
    PictureFacet,
    SafeguardRecord,
    ShareLink,
    SourcePicture,
    TrainingRun,
    TrainingSearch,
    Webhook,
)
from generation.training.datasets.lifecycle import delete_dataset
from generation.training.runs.controls import delete_run, discard_run
from generation.training.searches.submission import cancel_search, delete_search

logger = structlog.get_logger(__name__)

ROUND_SECONDS = 600
"""What is due is taken away for so long; the next round goes on."""


def leave(user: User) -> None:
    """Close the person's own account as they ask: from now on nobody sees anything of theirs, and nothing goes on.

    What is only theirs is kept for DELETION_DAYS, in which `accounts.closing.take_back` opens it again. Raises Conflict
    for the last administrator.
    """
    due_at = timezone.now() + timedelta(days=settings.DELETION_DAYS)
    with transaction.atomic():
        close_for_now(user, due_at)
        take_from_view(user)
        url = settings.SITE_URL + reverse("account_login")
        tell(user, "Your account is closed", "account_closed", day=f"{due_at:%-d %B %Y}", url=url)
    # After the commit: no request of theirs begins anything more. Each verb is whole by itself.
    stop_work(user)


def delete_person(user: User) -> None:
    """Close the account for good, then take away what they made. May be repeated, for what went on meanwhile.

    Wallet, ledger, decisions and the rows of ended jobs stay, nameless: the ledger is true only as a whole. A LoRA or
    data set that somebody's training still needs goes with its own sweep.
    """
    close_account(user)
    # After the commit, so that a verb which removes a file is not undone without it. Each verb is whole by itself.
    transaction.on_commit(partial(take_away_work, user))


def delete_due() -> int:
    """Take away what is due by now, and what of an earlier deletion is still there; how many people are gone.

    A person counts as gone only when nothing is left, so a worker that is killed meanwhile is made up for.
    """
    gone, end = 0, time.monotonic() + ROUND_SECONDS
    due = User.objects.filter(is_active=False, deletion_due_at__lte=timezone.now())
    for user in list(due.order_by("deletion_due_at", "pk")):
        if time.monotonic() > end:
            break
        try:
            gone += _delete_for_good(user)
        except Exception:  # one person's broken file must not keep all others here
            logger.exception("deletion_broke", person=user.code)
    return gone


def _delete_for_good(user: User) -> bool:
    close_account(user)
    take_away_work(user)
    if is_left(user):
        return False
    User.objects.filter(pk=user.pk).update(deletion_due_at=None)
    logger.info("person_deleted", person=user.code)
    return True


def stop_leaving() -> None:
    """End what still goes on for people who have closed their account: of one who closed it while a worker died."""
    for user in User.objects.filter(is_active=False, deletion_due_at__gt=timezone.now()):
        stop_work(user)


def take_from_view(user: User) -> None:
    """What others could see or use of it; nobody but its owner sees the rest, and they cannot come in."""
    withdraw_posts(user)
    withdraw_releases(user)
    Lora.shared_with.through.objects.filter(lora__owner=user).delete()
    ShareLink.objects.filter(owner=user).delete()
    hide_collections(user)


def stop_work(user: User) -> None:
    """Cancel what waits and what goes on; the credits that were held for it return."""
    cancel_jobs(user)
    _each(cancel_search, TrainingSearch.objects.of(user).filter(state=TrainingSearch.State.RUNNING))
    _each(discard_run, TrainingRun.objects.of(user).unfinished().filter(search=None))
    forget_exports(user)


def take_away_work(user: User) -> None:
    take_from_view(user)
    stop_work(user)
    _each(delete_search, TrainingSearch.objects.of(user))
    _each(delete_run, TrainingRun.objects.of(user))
    erase_pictures(user)
    for rows in (Album.objects, PictureFacet.objects, Webhook.objects):
        rows.filter(owner=user).delete()
    Collection.objects.of(user).delete()
    forget_likes(user)
    forget_follows(user)
    Notification.objects.filter(person=user).delete()
    NamedPerson.objects.filter(Q(person=user) | Q(speaker=user)).delete()
    erase_words(user)
    erase_comments(user)
    SafeguardRecord.objects.filter(user=user).forget_texts()
    _each(delete_dataset, DataSet.objects.of(user))
    _each(delete_source, SourcePicture.objects.of(user))
    _each(delete_lora, Lora.objects.filter(owner=user))


def is_left(user: User) -> bool:
    """Whether something of theirs is still there: something used it, or it was made while it was taken away."""
    left = (
        Job.objects.of(user).unfinished(), LoraMerge.objects.of(user), TrainingSearch.objects.of(user),
        TrainingRun.objects.of(user), DataSet.objects.of(user), Lora.objects.filter(owner=user),
        SourcePicture.objects.of(user),
    )  # fmt: skip
    return any(rows.exists() for rows in left)


def _each(verb: Callable[[Any], Any], things: Iterable[Any]) -> None:
    for thing in list(things):
        with suppress(Conflict):  # it has just ended, or something still uses it
            verb(thing)
