"""manage.py audit_consistency: silent about a sound site; each kind of damage is found, and mended where it may be."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from accounts import credits
from accounts.models import CreditEntry, User, Wallet
from generation import imagefiles
from generation.auditing import audit
from generation.models import GeneratedImage, Job
from generation.queueing import claim_next
from tests.conftest import credits_of
from tests.generation.conftest import Draw, Queue

DAYS_AGO = timedelta(days=2)


def codes() -> list[str]:
    return [finding.code for finding in audit()]


def test_a_sound_site_has_no_findings(
    alice: User, queue: Queue, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(alice)
    queue(alice, count=2)
    claim_next("w")
    call_command("audit_consistency")
    assert capsys.readouterr().out == "0 findings.\n"


def unhold(user: User) -> None:
    Job.objects.update(code="0" * 16)


def hold_nothing(user: User) -> None:
    credits.hold(user, 5, reference="job:" + "f" * 16)


def drift(user: User) -> None:
    Wallet.objects.filter(user=user).update(balance=7)


def lose_a_file(user: User) -> None:
    imagefiles.discard(GeneratedImage.objects.get().file)


def forget_the_end(user: User) -> None:
    Job.objects.update(state="failed")
    GeneratedImage.objects.all().delete()
    CreditEntry.objects.filter(kind="settle")._raw_delete("default")


def release_too_soon(user: User) -> None:
    Job.objects.update(state="queued", announced_at=Now())
    GeneratedImage.objects.all().delete()


def leave_a_file(user: User) -> None:
    name = imagefiles.keep("images/2026/01/01/abc-1.png", b"left")
    old = time.time() - DAYS_AGO.total_seconds()
    os.utime(default_storage.path(name), (old, old))


def stop_healing(user: User) -> None:
    Job.objects.update(state="running", lease_until=Now() - DAYS_AGO)
    GeneratedImage.objects.all().delete()
    CreditEntry.objects.filter(kind="settle")._raw_delete("default")


@pytest.mark.parametrize(
    "damage, found, mendable",
    [
        (unhold, {"job-without-hold"}, False),
        (hold_nothing, {"hold-without-job"}, True),
        (drift, {"wallet-drift"}, False),
        (lose_a_file, {"file-missing"}, False),
        (forget_the_end, {"hold-never-ended"}, True),
        (release_too_soon, {"wrong-ending"}, False),
        (leave_a_file, {"orphan-file"}, True),
        (stop_healing, {"lease-long-expired"}, True),
    ],
)
def test_each_damage_is_found(
    alice: User, draw: Draw, damage: Callable[[User], None], found: set[str], mendable: bool
) -> None:
    draw(alice)
    damage(alice)
    assert set(codes()) == found
    with pytest.raises(CommandError, match="1 findings"):
        call_command("audit_consistency")
    if mendable:
        call_command("audit_consistency", fix=True)
        assert codes() == []
    else:
        with pytest.raises(CommandError):
            call_command("audit_consistency", fix=True)


def test_what_is_mended_is_paid_back(alice: User) -> None:
    hold_nothing(alice)
    assert credits_of(alice) == 995
    call_command("audit_consistency", fix=True)
    assert credits_of(alice) == 1000


@pytest.mark.parametrize("age, kept", [(timedelta(hours=1), True), (DAYS_AGO, False)])
def test_prune_sweeps_orphans_after_a_day(alice: User, draw: Draw, age: timedelta, kept: bool) -> None:
    from generation import upkeep

    image = draw(alice)
    names = [imagefiles.keep(f"images/2026/01/01/{name}", b"left") for name in ("abc-1.png", ".part-x")]
    old = time.time() - age.total_seconds()
    for name in [*names, image.file, image.thumbnail]:
        os.utime(default_storage.path(name), (old, old))
    upkeep.prune()
    assert [default_storage.exists(name) for name in names] == [kept, kept]
    assert default_storage.exists(image.file) and default_storage.exists(image.thumbnail)
