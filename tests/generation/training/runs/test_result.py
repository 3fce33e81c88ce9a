"""The LoRA that a training leaves: its word, its file, and that neither stays when nobody has it any more."""

from __future__ import annotations

import os

import pytest

from accounts.models import User
from accounts.refusals import Conflict
from generation.catalog.loras import files
from generation.catalog.loras.naming import clean_words, first_free
from generation.catalog.loras.sharing import delete_lora
from generation.catalog.loras.versions import follow, join
from generation.models import Lora, Snapshot, TrainingRun
from generation.recipes.training import MAX_TRIGGER_CHARS
from generation.training.runs import controls, lifecycle
from generation.training.runs.result import write_lora_file
from generation.training.runs.selection import choose_snapshot
from generation.training.runs.submission import check_name
from tests.generation.training.conftest import QueueRun
from tests.generation.training.runs.test_controls import with_snapshots


@pytest.fixture
def trained(queue_run: QueueRun) -> TrainingRun:
    """Alice's, stopped and kept, with the snapshots 10 and 20 to choose from."""
    run = with_snapshots(queue_run(), 0.9, 0.6, 0.7)
    controls.stop_run(run)
    run.refresh_from_db()
    return run


def lora_of(run: TrainingRun) -> Lora:
    assert run.lora is not None
    return run.lora


def test_its_file_goes_with_it(trained: TrainingRun) -> None:
    lora = lora_of(trained)
    path = files.path_of_row(lora)
    assert path is not None and lora.path == f"trained/{trained.code}/noto-10.safetensors"
    delete_lora(lora)
    assert not path.exists()


def test_the_file_stays_while_another_row_has_it(trained: TrainingRun) -> None:
    first = lora_of(trained)
    choose_snapshot(trained, 20)
    again = choose_snapshot(trained, 10)
    first.refresh_from_db()
    assert again.path == first.path
    delete_lora(first)
    assert files.path_of_row(again) is not None


def test_choosing_to_and_fro_never_ends_in_a_clash(trained: TrainingRun) -> None:
    for step in (20, 10, 20, 10):
        assert choose_snapshot(trained, step).name == "noto"
    assert Lora.objects.filter(is_enabled=True).count() == 1


def test_another_snapshot_takes_its_place_among_the_versions(trained: TrainingRun, alice: User) -> None:
    former = Lora.objects.create(name="ink", title="Ink", family="sd1", path="a", sha256="a" * 64, owner=alice)
    lora = lora_of(trained)
    Lora.objects.filter(pk=former.pk).update(family=lora.family)
    former.refresh_from_db()
    follow(lora, former)
    trained.refresh_from_db()
    chosen = choose_snapshot(trained, 20)
    assert (chosen.series, chosen.version, chosen.title) == ("ink", 2, "Ink")
    lora.refresh_from_db()
    assert (lora.series, lora.is_enabled) == ("", False)
    assert Lora.objects.usable_by(alice).named("ink") == chosen


def test_the_longest_trigger_is_a_word_like_any_other(queue_run: QueueRun) -> None:
    trigger = "w" * MAX_TRIGGER_CHARS
    controls.stop_run(with_snapshots(queue_run(trigger=trigger), 0.9, 0.6))
    lora = Lora.objects.get()
    assert lora.trigger_words == clean_words(lora.trigger_words) == [trigger]


def test_what_a_late_end_wrote_is_swept_after_a_day(trained: TrainingRun) -> None:
    late = Snapshot.objects.get(run=trained, step=20)
    assert lifecycle.finish_run(trained, late.step, "too late", TrainingRun.objects.unfinished()) is None
    left = files.root() / f"trained/{trained.code}/noto-20.safetensors"
    assert left.exists() and files.sweep_orphans() == 0
    for path in (files.root() / "trained").rglob("*"):
        os.utime(path, (0, 0))
    assert files.sweep_orphans() == 1 and not left.exists()
    assert files.path_of_row(lora_of(trained)) is not None


def test_the_empty_folder_of_a_training_goes_too(trained: TrainingRun) -> None:
    delete_lora(lora_of(trained))
    folder = files.root() / "trained" / trained.code
    os.utime(folder, (0, 0))
    assert files.sweep_orphans() == 0 and not folder.exists()


@pytest.mark.parametrize("name", ["upload", "Merge", "MERGES"])
def test_the_words_of_pages_are_nobodys(name: str) -> None:
    with pytest.raises(Conflict, match="is taken"):
        check_name(name)


def test_a_row_from_before_gets_a_word_of_its_own(queue_run: QueueRun) -> None:
    run = with_snapshots(queue_run(), 0.9, 0.6)
    TrainingRun.objects.update(name="upload")
    controls.stop_run(TrainingRun.objects.get(pk=run.pk))
    assert Lora.objects.get().name == "upload-2"


def test_a_public_series_keeps_its_word(bob: User, queue_run: QueueRun) -> None:
    first = Lora.objects.create(name="Ink", title="Ink", family="mini", path="a", sha256="a" * 64, owner=bob)
    second = Lora(name="x", title="Ink", family="mini", path="b", sha256="b" * 64, owner=bob)
    join(second, first)
    second.save()
    assert Lora.objects.usable_by(None).named("ink") == second
    controls.stop_run(with_snapshots(queue_run("ink"), 0.9, 0.6))
    assert Lora.objects.get(path__startswith="trained/").name == "ink-2"
    assert Lora.objects.usable_by(None).named("ink") == second


def test_case_makes_no_other_word(trained: TrainingRun) -> None:
    assert first_free("NOTO") == "NOTO-2"


def test_writing_twice_is_the_same_file(trained: TrainingRun) -> None:
    again = write_lora_file(trained, Snapshot.objects.get(run=trained, step=10))
    assert (again.path, again.weights.sha256) == (lora_of(trained).path, lora_of(trained).sha256)
