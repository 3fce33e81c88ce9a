"""A LoRA that stops workers is quarantined; nobody can have another's quarantined; an admin lifts it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from safetensors.numpy import load, save

from accounts.credits import grant
from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog.loras.quarantine import lift, quarantine
from generation.catalog.loras.sharing import share
from generation.catalog.loras.uploads import Upload, add_upload
from generation.jobs.lifecycle import fail_job, finish_job
from generation.jobs.queueing import claim_next
from generation.jobs.upkeep import requeue_expired_leases
from generation.models import Checkpoint, Job, Lora
from generation.recipes.enlarging import Hires
from generation.worker.drawing import perform_ready_jobs
from generation.worker.process import WorkerProcess
from tests.conftest import credits_of
from tests.generation.catalog.loras.conftest import Bring
from tests.generation.conftest import Queue
from tests.lora_files import lora_bytes


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


def test_one_that_only_a_second_pass_draws_with_is_a_suspect(alice: User, bring: Bring, queue: Queue) -> None:
    lora = bring(alice)
    queue(alice, "an apple", hires=Hires(1.5, prompt=f"an apple <lora:{lora.name}:1>"))
    die()
    lora.refresh_from_db()
    assert not lora.is_enabled


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


NAN = "The numbers of this picture ran away (NaN)."
PIXELS = np.zeros((128, 128, 3), np.uint8)


def draw_with(queue: Queue, user: User, lora: Lora | None, times: int = 1, *, nan: bool = True) -> None:
    """So many pictures, whose numbers run away or do not."""
    prompt = f"an apple <lora:{lora.name}:1>" if lora else "an apple"
    for number in range(times):
        queue(user, prompt, seed=number)
        job = claim_next("worker")
        assert job is not None
        if nan:
            assert fail_job(job, "not-finite", NAN)
        else:
            assert finish_job(job, PIXELS, 0.1)


def is_open(lora: Lora) -> bool:
    lora.refresh_from_db()
    return lora.is_enabled


def test_the_third_picture_that_runs_away_sets_it_aside(
    alice: User, alices: Client, admin_client: Client, bring: Bring, queue: Queue
) -> None:
    lora = bring(alice)
    draw_with(queue, alice, None, nan=False)
    before = credits_of(alice)
    draw_with(queue, alice, lora, 2)
    assert is_open(lora)
    draw_with(queue, alice, lora, 1)
    assert not is_open(lora) and lora.quarantined_at
    assert credits_of(alice) == before, "what failed is given back"
    assert "their numbers ran away" in alices.get(f"/loras/{lora.name}/").text
    assert lora.title in admin_client.get("/admin/generation/lora/?quarantined=1").text
    with pytest.raises(Refusal, match="no LoRA"):
        queue(alice, f"an apple <lora:{lora.name}:1>")


def test_what_was_let_back_begins_anew(alice: User, charlie: User, bring: Bring, queue: Queue) -> None:
    lora = bring(alice)
    draw_with(queue, alice, None, nan=False)
    draw_with(queue, alice, lora, 3)
    assert not is_open(lora)
    assert lift(lora) == 1
    bring(charlie)
    draw_with(queue, alice, lora, 2)
    assert is_open(lora), "the three before count no more"
    draw_with(queue, alice, lora, 1)
    assert not is_open(lora), "three new ones do"


def test_a_crash_from_before_it_was_let_back_counts_no_more(alice: User, bring: Bring, queue: Queue) -> None:
    lora = bring(alice)
    queue(alice, f"an apple <lora:{lora.name}:1>")
    assert die(1).state == "queued"
    quarantine([lora.sha256], "It stopped workers.")
    lift(lora)
    assert die(1).state == "failed"
    assert is_open(lora)
    Job.objects.all().delete()
    queue(alice, f"an apple <lora:{lora.name}:1>")
    assert die(2).state == "failed"
    assert not is_open(lora)


def test_a_checkpoint_that_runs_away_by_itself_is_no_loras_fault(alice: User, bring: Bring, queue: Queue) -> None:
    lora = bring(alice)
    draw_with(queue, alice, lora, 4)
    assert is_open(lora), "nothing says that others come out"
    draw_with(queue, alice, None, 2)
    draw_with(queue, alice, None, 1, nan=False)
    draw_with(queue, alice, lora, 1)
    assert is_open(lora)


def test_one_that_mostly_comes_out_stays(alice: User, bring: Bring, queue: Queue) -> None:
    lora = bring(alice)
    draw_with(queue, alice, None, nan=False)
    draw_with(queue, alice, lora, 4, nan=False)
    draw_with(queue, alice, lora, 4)
    assert is_open(lora)


def test_a_stranger_alone_has_nobodys_lora_quarantined(alice: User, charlie: User, bring: Bring, queue: Queue) -> None:
    lora = bring(alice)
    share(lora, ["charlie"])
    draw_with(queue, alice, None, nan=False)
    grant(charlie, 100, reference="test")
    draw_with(queue, charlie, lora, 5)
    assert is_open(lora)
    draw_with(queue, alice, lora, 2)
    assert not is_open(lora), "three witnesses: a stranger and two of its owner's"


def test_files_of_the_site_do_not_run_away(alice: User, queue: Queue) -> None:
    lora = Lora.objects.get(name="fluent-3d")
    draw_with(queue, alice, None, nan=False)
    draw_with(queue, alice, lora, 4)
    assert is_open(lora)


def test_what_waits_with_it_is_not_drawn(alice: User, bring: Bring, queue: Queue, worker: WorkerProcess) -> None:
    lora = bring(alice)
    (job,) = queue(alice, f"an apple <lora:{lora.name}:1>")
    quarantine([lora.sha256], "It stopped workers.")
    assert perform_ready_jobs() == 1
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "lora-quarantined")
    assert lora.title in job.error_message
    assert credits_of(alice) == 1000


def test_a_file_whose_numbers_overflow_is_found_by_drawing(alice: User, queue: Queue, worker: WorkerProcess) -> None:
    """The true road: it is finite in the file, so that the upload is taken, and no picture survives it."""
    tensors = {key: np.full_like(value, 6e4) for key, value in load(lora_bytes()).items()}
    data = save(tensors)
    lora = add_upload(alice, Upload("huge.safetensors", len(data), [data]))
    queue(alice, "an apple")
    queue(alice, f"an apple <lora:{lora.name}:1>", count=5)
    perform_ready_jobs()
    codes = list(Job.objects.exclude(state="done").order_by("pk").values_list("error_code", flat=True))
    assert codes == ["not-finite"] * 3 + ["lora-quarantined"] * 2
    assert not is_open(lora)
    assert credits_of(alice) == 1000 - Job.objects.get(state="done").credits
