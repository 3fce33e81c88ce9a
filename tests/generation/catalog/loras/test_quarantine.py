"""A LoRA that stops workers is quarantined; nobody can have another's quarantined; an admin lifts it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.credits import grant
from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.loras.quarantine import lift
from generation.catalog.loras.sharing import share
from generation.jobs.queueing import claim_next
from generation.jobs.upkeep import requeue_expired_leases
from generation.models import Checkpoint, Job, Lora
from tests.generation.catalog.loras.conftest import Bring
from tests.generation.conftest import Queue


def die(times: int = 2) -> Job:
    """The only queued job is drawn by lone workers that die, so many times."""
    for number in range(times):
        job = claim_next(f"worker-{number}")
        assert job is not None
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
        requeue_expired_leases()
    return Job.objects.get()


def test_two_lone_deaths_set_it_aside(alice: User, charlie: User, bring: Bring, queue: Queue) -> None:
    lora, twin = bring(alice), bring(charlie)
    queue(alice, f"an apple <lora:{lora.name}:1>")
    assert die(1).state == "queued" and Lora.objects.get(pk=lora.pk).is_enabled
    assert die(1).state == "failed"
    for row in (lora, twin):
        row.refresh_from_db()
        assert not row.is_enabled and row.quarantined_at and "again and again" in row.quarantine_reason
    with pytest.raises(Refusal, match="no LoRA"):
        queue(alice, f"an apple <lora:{lora.name}:1>")
    assert lora in Lora.objects.visible_to(alice), "its owner still sees why"
    assert lift(lora) == 2
    queue(alice, f"an apple <lora:{lora.name}:1>")


def test_the_same_bytes_stay_aside_under_another_row(alice: User, charlie: User, bring: Bring, queue: Queue) -> None:
    lora = bring(alice)
    queue(alice, f"an apple <lora:{lora.name}:1>")
    die()
    assert not bring(charlie).is_enabled


def test_files_of_the_site_are_never_suspects(alice: User, catalog: Checkpoint, queue: Queue) -> None:
    queue(alice, "an apple <lora:fluent-3d:1>")
    assert die().state == "failed"
    assert Lora.objects.get(name="fluent-3d").is_enabled


def test_a_strangers_lora_is_not_blamed_beside_ones_own(alice: User, charlie: User, bring: Bring, queue: Queue) -> None:
    hers, his = bring(alice, 1), bring(charlie, 2)
    share(hers, ["charlie"])
    grant(charlie, 10, reference="test")
    queue(charlie, f"an apple <lora:{hers.name}:1> <lora:{his.name}:1>")
    die()
    hers.refresh_from_db()
    his.refresh_from_db()
    assert hers.is_enabled and not his.is_enabled


def test_of_two_strangers_loras_none_is_blamed(alice: User, charlie: User, bring: Bring, queue: Queue) -> None:
    one, two = bring(alice, 1), bring(alice, 2)
    share(one, ["charlie"])
    share(two, ["charlie"])
    grant(charlie, 10, reference="test")
    queue(charlie, f"an apple <lora:{one.name}:1> <lora:{two.name}:1>")
    assert die().state == "failed"
    assert Lora.objects.filter(owner=alice, is_enabled=True).count() == 2
