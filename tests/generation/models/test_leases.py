"""Leases: who claims, holds and loses a row, in each of the four queues alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from accounts.models import User
from generation.models import GeneratedImage, LoraMerge
from generation.models.images import ImageQuerySet
from generation.models.lab import LoraMergeQuerySet
from generation.models.leases import LEASE, MAX_CRASHES, MAX_SOLO_CRASHES, must_give_up, prolonging
from tests.generation.conftest import Draw

Leased = LoraMergeQuerySet | ImageQuerySet


@pytest.fixture(params=["", "svg_"])
def rows(request: pytest.FixtureRequest, alice: User, draw: Draw) -> Leased:
    """One row of a queue; of an image the lease is its tracing's."""
    if request.param:
        draw(alice)
        return GeneratedImage.objects.all()
    LoraMerge.objects.create(owner=alice, name="both", title="Both", rank=4, parents=[])
    return LoraMerge.objects.all()


def test_of_two_who_read_the_same_row_one_claims_it(rows: Leased) -> None:
    first, second = rows.get(), rows.get()
    assert rows.not_leased().of_attempt(first).claim() == 1
    assert rows.not_leased().of_attempt(second).claim() == 0
    assert rows.of_attempt(rows.get()).exists() and not rows.of_attempt(first).exists()


def test_a_lease_holds_until_nobody_prolongs_it(rows: Leased) -> None:
    rows.claim()
    assert not rows.expired().exists() and not rows.not_leased().exists()
    lease_until = f"{rows.lease_prefix}lease_until"
    rows.update(**{lease_until: Now() - timedelta(seconds=30)})
    assert rows.expired().exists() and rows.not_leased().exists()
    assert rows.expired(timedelta(seconds=20)).exists() and not rows.expired(timedelta(seconds=40)).exists()
    rows.prolong()
    assert not rows.expired().exists()
    assert rows.filter(**{f"{lease_until}__gt": Now(), f"{lease_until}__lte": Now() + LEASE}).exists()


def test_it_is_announced_before_the_wake_up_is_sent(rows: Leased) -> None:
    """Afterwards a worker that heard it passes over what is still locked by the note."""
    noted: list[bool] = []

    def send() -> bool:
        noted.append(not rows.unannounced().exists())
        return len(noted) == 1

    assert rows.announce(send) and not rows.unannounced().exists()
    assert not rows.announce(send) and rows.unannounced().exists(), "the broker did not take it"
    assert noted == [True, True]


def test_what_is_put_back_is_announced_anew_at_once(rows: Leased) -> None:
    assert rows.announce(lambda: True)
    rows.claim()
    assert rows.resend(lambda waiting: True) == 0, "its wake-up is young"
    rows.put_back()
    assert rows.not_leased().exists() and not rows.expired().exists()
    asked: list[list[int]] = []

    def send(waiting: list[int], answer: bool) -> bool:
        asked.append(waiting)
        return answer

    assert rows.resend(lambda waiting: send(waiting, False)) == 0, "the broker is away"
    assert rows.resend(lambda waiting: send(waiting, True)) == 1
    assert rows.resend(lambda waiting: send(waiting, True)) == 0
    assert asked == [[rows.get().pk]] * 2


@pytest.mark.parametrize(
    "crashes, solo, given_up",
    [
        (0, 0, False),
        (MAX_CRASHES - 1, MAX_SOLO_CRASHES - 1, False),
        (MAX_CRASHES, 0, True),
        (0, MAX_SOLO_CRASHES, True),
    ],
)
def test_what_killed_too_many_is_given_up(crashes: int, solo: int, given_up: bool) -> None:
    assert must_give_up(crashes, solo) is given_up


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.django_db(transaction=True)
def test_it_is_prolonged_while_the_work_goes_on(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.models.leases.HEARTBEAT_SECONDS", 0.01)
    LoraMerge.objects.create(owner=alice, name="both", title="Both", rank=4, parents=[], state="running", attempt=1)
    rows = LoraMerge.objects.all()
    expire = {"lease_until": Now() - timedelta(seconds=1)}
    rows.update(**expire)
    with prolonging(LoraMerge.objects.held(rows.get()), timedelta(minutes=1)):
        until(lambda: not rows.expired().exists())
    rows.update(**expire)
    time.sleep(0.1)
    assert rows.expired().exists(), "the work is over"


@pytest.mark.django_db(transaction=True)
def test_what_hangs_or_was_given_to_another_is_not_prolonged(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.models.leases.HEARTBEAT_SECONDS", 0.01)
    LoraMerge.objects.create(
        owner=alice, name="both", title="Both", rank=4, parents=[], state="running", attempt=1,
        lease_until=Now() - timedelta(seconds=1),
    )  # fmt: skip
    rows = LoraMerge.objects.all()
    with prolonging(LoraMerge.objects.held(rows.get()), timedelta(0)):
        time.sleep(0.1)
        assert rows.expired().exists()
    former = rows.get()
    rows.update(attempt=2)
    with prolonging(LoraMerge.objects.held(former), timedelta(minutes=1)):
        time.sleep(0.1)
        assert rows.expired().exists()
