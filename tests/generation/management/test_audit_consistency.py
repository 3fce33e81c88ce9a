"""manage.py audit_consistency: silent about a sound site; each kind of damage is found, and mended where it may be."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.utils import timezone

from accounts import credits
from accounts.models import ApiToken, CreditEntry, User, Wallet
from config.celery import app
from generation.audit.checks import audit
from generation.catalog.loras import files as lorafiles
from generation.jobs.grids.finishing import finish_ready_grids
from generation.jobs.grids.submission import submit_grid
from generation.jobs.queueing import claim_next
from generation.jobs.submission import submit_jobs
from generation.models import DataPicture, GeneratedImage, GpuWorker, Job, LabGrid, Lora, LoraMerge
from generation.recipes.picture import Recipe
from generation.storage import files
from generation.training.datasets.lifecycle import create_dataset
from generation.training.datasets.uploads import add_uploads
from tests.conftest import credits_of
from tests.generation.conftest import Draw, Queue, without_signature
from tests.generation.jobs.grids.test_grids import draw_all, steps_and_seeds
from tests.generation.training.datasets.conftest import picture, upload

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
    files.discard(GeneratedImage.objects.get().file)


def forget_the_end(user: User) -> None:
    Job.objects.update(state="failed")
    GeneratedImage.objects.all().delete()
    CreditEntry.objects.filter(kind="settle")._raw_delete("default")


def release_too_soon(user: User) -> None:
    Job.objects.update(state="queued", announced_at=Now())
    GeneratedImage.objects.all().delete()


def leave_a_file(user: User) -> None:
    make_old(default_storage.path(files.write("images/2026/01/01/abc-1.png", b"left")))


def stop_recovery(user: User) -> None:
    Job.objects.update(state="running", lease_until=Now() - DAYS_AGO)
    GeneratedImage.objects.all().delete()
    CreditEntry.objects.filter(kind="settle")._raw_delete("default")


def spend_beside_the_ledger(user: User) -> None:
    token, _ = ApiToken.objects.create(user=user, name="program", budget=50)
    submit_jobs(user, Recipe(prompt="a cat", width=128, height=128, steps=4), token=token)
    ApiToken.objects.update(spent=9)


def stop_tracing(user: User) -> None:
    GeneratedImage.objects.update(svg_state="waiting", svg_announced_at=Now() - DAYS_AGO)


def lose_the_wakeups(user: User) -> None:
    submit_jobs(user, Recipe(prompt="a cat", width=128, height=128, steps=4))
    Job.objects.queued().update(announced_at=Now() - timedelta(seconds=20))
    GpuWorker.objects.create(name="idle", slots=2, seen_at=Now())
    app.control.purge()


def leave_a_grid(user: User) -> None:
    submit_grid(user, steps_and_seeds())
    draw_all()
    LabGrid.objects.update(created_at=Now() - DAYS_AGO)
    Job.objects.update(finished_at=Now() - DAYS_AGO)


def lose_a_grids_picture(user: User) -> None:
    leave_a_grid(user)
    finish_ready_grids()
    GeneratedImage.objects.exclude(grid=None).delete()


def lose_a_grids_file(user: User) -> None:
    leave_a_grid(user)
    finish_ready_grids()
    files.discard(GeneratedImage.objects.exclude(grid=None).get().file)


def lose_a_grids_file_and_a_cell(user: User) -> None:
    lose_a_grids_file(user)
    GeneratedImage.objects.filter(job__position=1).update(deleted_at=Now())


def lose_a_grids_picture_and_a_cells(user: User) -> None:
    lose_a_grids_picture(user)
    files.discard(GeneratedImage.objects.latest("pk").file)


def leave_a_grid_and_lose_a_cell(user: User) -> None:
    leave_a_grid(user)
    files.discard(GeneratedImage.objects.latest("pk").file)


def stop_merging(user: User) -> None:
    LoraMerge.objects.create(
        owner=user, name="both", title="Both", rank=4, parents=[], state="running", attempt=1,
        lease_until=timezone.now() - DAYS_AGO,
    )  # fmt: skip


def lose_a_lora(user: User) -> None:
    Lora.objects.filter(name="line-art").update(path="nowhere.safetensors")


def leave_a_lora(user: User) -> None:
    make_old(lorafiles.fresh_file("uploads"))


def lose_a_lesson(user: User) -> None:
    dataset = create_dataset(user, "Emoji", consent=True)
    add_uploads(dataset, [upload("one.png", picture())])
    files.discard(DataPicture.objects.get().file)


def leave_a_lesson(user: User) -> None:
    make_old(default_storage.path(files.write("datasets/abc/one.png", b"left")))


def make_old(path: str | Path) -> None:
    old = time.time() - DAYS_AGO.total_seconds()
    os.utime(path, (old, old))


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
        (stop_recovery, {"lease-long-expired"}, True),
        (spend_beside_the_ledger, {"token-drift"}, True),
        (stop_tracing, {"tracing-stuck"}, True),
        (lose_the_wakeups, {"wakeups-lost"}, True),
        (leave_a_grid, {"grid-unfinished"}, True),
        (lose_a_grids_picture, {"grid-without-picture"}, True),
        (lose_a_grids_file, {"grid-file-missing"}, True),
        (lose_a_grids_file_and_a_cell, {"file-missing"}, False),
        (lose_a_grids_picture_and_a_cells, {"grid-without-picture", "file-missing"}, False),
        (leave_a_grid_and_lose_a_cell, {"grid-unfinished", "file-missing"}, False),
        (stop_merging, {"merge-stuck"}, True),
        (lose_a_lora, {"lora-file-missing"}, False),
        (leave_a_lora, {"orphan-lora-file"}, True),
        (lose_a_lesson, {"dataset-file-missing"}, False),
        (leave_a_lesson, {"orphan-dataset-file"}, True),
    ],
)
def test_each_damage_is_found(
    alice: User, draw: Draw, damage: Callable[[User], None], found: set[str], mendable: bool
) -> None:
    draw(alice)
    damage(alice)
    assert set(codes()) == found
    with pytest.raises(CommandError, match=f"{len(found)} findings"):
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


def test_a_grids_picture_is_made_again_as_it_was(alice: User, draw: Draw) -> None:
    draw(alice)
    leave_a_grid(alice)
    finish_ready_grids()
    image = GeneratedImage.objects.exclude(grid=None).get()
    names = (image.file, image.thumbnail)
    before = [without_signature(files.read(name)) for name in names]
    files.discard(*names)
    GeneratedImage.objects.filter(pk=image.pk).update(sha256="of another encoder", size_bytes=1)
    call_command("audit_consistency", fix=True)
    assert [without_signature(files.read(name)) for name in names] == before
    again, kept = GeneratedImage.objects.get(pk=image.pk), files.read(image.file)
    assert (again.sha256, again.size_bytes) == (hashlib.sha256(kept).hexdigest(), len(kept))


@pytest.mark.parametrize("age, kept", [(timedelta(hours=1), True), (DAYS_AGO, False)])
def test_prune_sweeps_orphans_after_a_day(alice: User, draw: Draw, age: timedelta, kept: bool) -> None:
    from generation.jobs import upkeep

    image = draw(alice)
    names = [files.write(f"images/2026/01/01/{name}", b"left") for name in ("abc-1.png", ".part-x")]
    old = time.time() - age.total_seconds()
    for name in [*names, image.file, image.thumbnail]:
        os.utime(default_storage.path(name), (old, old))
    upkeep.prune()
    assert [default_storage.exists(name) for name in names] == [kept, kept]
    assert default_storage.exists(image.file) and default_storage.exists(image.thumbnail)
