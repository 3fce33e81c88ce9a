"""Deleting a person: the one verb that reaches into every app, and so belongs to none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from django.db import transaction

from accounts.closing import close_account
from accounts.models import User
from accounts.refusals import Conflict
from gallery.models import Decision, Post, Release
from gallery.publishing import withdraw_post
from gallery.releasing import withdraw_release
from gallery.transitions import MOVES
from generation.catalog.loras.sharing import delete_lora
from generation.jobs.deletion import delete_images
from generation.jobs.lifecycle import cancel_job
from generation.models import (
    Album,
    DataSet,
    Draft,
    GeneratedImage,
    Job,
    KeptAnswer,
    Lora,
    PictureFacet,
    ShareLink,
    TrainingRun,
    TrainingSearch,
)
from generation.training.datasets.lifecycle import delete_dataset
from generation.training.runs.controls import delete_run, discard_run
from generation.training.searches.submission import cancel_search, delete_search


def delete_person(user: User) -> None:
    """Close the account, then take away what they made. May be repeated, for what went on meanwhile.

    Wallet, ledger, decisions and the rows of ended jobs stay, nameless: the ledger is true only as a whole. A LoRA or
    data set that somebody's training still needs goes with its own sweep.
    """
    close_account(user)
    # After the commit, so that a verb which removes a file is not undone without it. Each verb is whole by itself.
    transaction.on_commit(partial(take_away_work, user))


def take_away_work(user: User) -> None:
    open_states = MOVES[Decision.Verb.WITHDRAW].sources
    _each(partial(withdraw_post, user), Post.objects.of(user).filter(state__in=open_states))
    _each(partial(withdraw_release, user), Release.objects.of(user).filter(state__in=open_states))
    _each(cancel_job, Job.objects.of(user).unfinished())
    _each(cancel_search, TrainingSearch.objects.of(user).filter(state=TrainingSearch.State.RUNNING))
    _each(discard_run, TrainingRun.objects.of(user).unfinished().filter(search=None))
    _each(delete_search, TrainingSearch.objects.of(user))
    _each(delete_run, TrainingRun.objects.of(user))
    delete_images(user, list(GeneratedImage.objects.of(user).values_list("code", flat=True)))
    for rows in (ShareLink.objects, Album.objects, PictureFacet.objects, Draft.objects):
        rows.filter(owner=user).delete()
    KeptAnswer.objects.filter(user=user).delete()
    _each(delete_dataset, DataSet.objects.of(user))
    _each(delete_lora, Lora.objects.filter(owner=user))


def _each(verb: Callable[[Any], Any], things: Iterable[Any]) -> None:
    for thing in list(things):
        with suppress(Conflict):  # it has just ended, or something still uses it
            verb(thing)
