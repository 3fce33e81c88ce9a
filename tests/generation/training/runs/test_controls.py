"""The owner's verbs in every state a run can be in: done at once, wished of the worker, or refused with a reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import CreditEntry, User
from accounts.refusals import Conflict
from generation.audit.checks import audit
from generation.catalog.loras.files import path_of_row
from generation.models import Lora, Snapshot, TrainingRun
from generation.storage.files import write
from generation.storage.quota import stored_bytes
from generation.training.runs import controls, files
from generation.training.runs.lifecycle import discard_cost, fail_run, hand_out
from generation.training.runs.queueing import claim_next_run
from generation.training.runs.selection import choose_snapshot
from tests.conftest import credits_of
from tests.generation.training.conftest import QueueRun
from tests.tiny_weights import BUNDLED_LORAS

Verb = Callable[[TrainingRun], None]
PAUSE, RESUME, STOP, DISCARD = controls.pause_run, controls.resume_run, controls.stop_run, controls.discard_run


def with_snapshots(run: TrainingRun, *losses: float) -> TrainingRun:
    """Snapshots at 0, 10, ... with these validation losses; their files are true LoRAs."""
    for place, loss in enumerate(losses):
        name = write(f"runs/{run.code}/1-{place}.safetensors", BUNDLED_LORAS[place % 2].read_bytes())
        Snapshot.objects.create(run=run, step=10 * place, file=name, training_loss=0.1, validation_loss=loss)
    return run


@pytest.mark.parametrize(
    ("verb", "state", "then"),
    [
        (PAUSE, "queued", ("paused", "")), (PAUSE, "running", ("running", "pause")),
        (RESUME, "paused", ("queued", "")),
        (STOP, "queued", ("done", "")), (STOP, "paused", ("done", "")), (STOP, "running", ("running", "stop")),
        (DISCARD, "queued", ("cancelled", "")), (DISCARD, "running", ("cancelled", "")),
        (DISCARD, "paused", ("cancelled", "")),
    ],
)  # fmt: skip
def test_what_a_verb_does(queue_run: QueueRun, verb: Verb, state: str, then: tuple[str, str]) -> None:
    run = with_snapshots(queue_run(), 0.9, 0.6)
    TrainingRun.objects.update(state=state, step=10)
    verb(TrainingRun.objects.get())
    run.refresh_from_db()
    assert (run.state, run.requested_action) == then


@pytest.mark.parametrize(
    ("verb", "states"),
    [
        (PAUSE, ["paused", "done", "failed", "cancelled"]),
        (RESUME, ["queued", "running", "done", "failed", "cancelled"]),
        (STOP, ["done", "failed", "cancelled"]),
        (DISCARD, ["done", "failed", "cancelled"]),
    ],
)
def test_what_comes_too_late_is_refused_and_changes_nothing(
    alice: User, queue_run: QueueRun, verb: Verb, states: list[str]
) -> None:
    run = with_snapshots(queue_run(), 0.9, 0.6)
    before = credits_of(alice)
    for state in states:
        TrainingRun.objects.update(state=state)
        with pytest.raises(Conflict):
            verb(TrainingRun.objects.get())
        run.refresh_from_db()
        assert (run.state, run.requested_action, credits_of(alice)) == (state, "", before)


def test_a_wish_can_be_taken_back(queue_run: QueueRun) -> None:
    run = queue_run()
    TrainingRun.objects.update(state="running")
    controls.pause_run(run)
    controls.resume_run(run)
    run.refresh_from_db()
    assert (run.state, run.requested_action) == ("running", "")


def test_stop_keeps_the_best_and_charges_for_what_was_done(alice: User, queue_run: QueueRun) -> None:
    run = with_snapshots(queue_run(steps=80), 0.9, 0.6, 0.7)
    TrainingRun.objects.update(state="paused", step=20)
    controls.stop_run(TrainingRun.objects.get())
    run.refresh_from_db()
    assert (run.best_step, run.lora and run.lora.name) == (10, "noto")
    assert credits_of(alice) == 1000 - -(-run.credits // 4)


def test_before_the_first_step_there_is_nothing_to_keep(queue_run: QueueRun) -> None:
    run = with_snapshots(queue_run(), 0.9)
    with pytest.raises(Conflict, match="Nothing has been learned"):
        controls.stop_run(run)


@pytest.mark.parametrize("losses", [(0.9,), (0.9, 0.6)])
@pytest.mark.parametrize("state", ["queued", "paused"])
def test_what_rests_beyond_its_last_snapshot_is_measured_first(
    queue_run: QueueRun, state: str, losses: tuple[float, ...]
) -> None:
    run = with_snapshots(queue_run(), *losses)
    TrainingRun.objects.update(state=state, step=13)
    controls.stop_run(TrainingRun.objects.get())
    run.refresh_from_db()
    assert (run.state, run.requested_action, run.lora) == ("queued", "stop", None)


@pytest.mark.django_db(transaction=True)
def test_discard_gives_all_back_and_removes_all(alice: User, queue_run: QueueRun) -> None:
    run = with_snapshots(queue_run(), 0.9, 0.6)
    controls.discard_run(run)
    assert credits_of(alice) == 1000
    assert (files.names_of(run.code), Snapshot.objects.count()) == ([], 0)
    assert CreditEntry.objects.filter(reference=run.reference, kind="release").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["queued", "running", "paused"])
def test_discard_keeps_what_was_handed_out_paid(alice: User, queue_run: QueueRun, state: str) -> None:
    run = with_snapshots(queue_run(resolution=512, batch=4), 0.9, 0.6, 0.5)
    TrainingRun.objects.update(state=state, step=20)
    assert hand_out(run.snapshots.get(step=10))
    run = TrainingRun.objects.get()
    half = -(-run.credits // 2)
    assert (run.credits > 1, discard_cost(run)) == (True, half)
    controls.discard_run(run)
    assert credits_of(alice) == 1000 - half
    assert (files.names_of(run.code), Snapshot.objects.count()) == ([], 0)
    run.refresh_from_db()
    assert (run.state, run.discard_cost, discard_cost(run)) == ("cancelled", half, half)
    assert list(audit()) == []


@pytest.mark.parametrize(("by_owner", "kept"), [(True, True), (False, False)])
def test_a_failure_pays_for_what_was_handed_out_unless_it_is_ours(
    alice: User, queue_run: QueueRun, by_owner: bool, kept: bool
) -> None:
    snapshot = with_snapshots(queue_run(resolution=512, batch=4), 0.9, 0.6).snapshots.get(step=10)
    run = claim_next_run("w")
    assert run is not None and hand_out(snapshot)
    assert fail_run(run, "not-finite", "Lower the rate.", by_owner=by_owner)
    half = -(-run.credits // 2)
    assert credits_of(alice) == 1000 - (half if kept else 0)
    assert hand_out(snapshot) is not by_owner
    assert list(audit()) == []


def test_what_was_discarded_is_not_handed_out(queue_run: QueueRun) -> None:
    run = with_snapshots(queue_run(), 0.9, 0.6)
    snapshot = run.snapshots.get(step=10)
    controls.discard_run(run)
    assert not hand_out(snapshot)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_an_ended_run_can_be_deleted_with_all_that_fills_the_storage(
    alice: User, queue_run: QueueRun, state: str
) -> None:
    run = with_snapshots(queue_run(), 0.9, 0.6)
    Snapshot.objects.update(size_bytes=1000)
    TrainingRun.objects.update(state=state)
    before = stored_bytes(alice)
    controls.delete_run(run)
    assert stored_bytes(alice) == before - 2000
    assert (files.names_of(run.code), Snapshot.objects.count(), TrainingRun.objects.count()) == ([], 0, 0)


def test_its_lora_stays(queue_run: QueueRun) -> None:
    run = with_snapshots(queue_run(), 0.9, 0.6)
    controls.stop_run(run)
    controls.delete_run(run)
    lora = Lora.objects.get()
    assert (lora.name, path_of_row(lora) is not None) == ("noto", True)


@pytest.mark.parametrize("state", ["queued", "running", "paused"])
def test_what_goes_on_is_not_deleted(queue_run: QueueRun, state: str) -> None:
    run = with_snapshots(queue_run(), 0.9, 0.6)
    TrainingRun.objects.update(state=state)
    with pytest.raises(Conflict, match="not ended"):
        controls.delete_run(run)
    assert (TrainingRun.objects.count(), Snapshot.objects.count()) == (1, 2)


def test_another_snapshot_may_be_chosen_and_old_pictures_can_still_be_made(queue_run: QueueRun) -> None:
    run = with_snapshots(queue_run(), 0.9, 0.6, 0.7)
    controls.stop_run(run)
    run.refresh_from_db()
    former = run.lora
    chosen = choose_snapshot(run, 20)
    run.refresh_from_db()
    assert (run.lora, run.best_step, chosen.name, chosen.is_public) == (chosen, 20, "noto", False)
    assert former is not None
    former.refresh_from_db()
    assert (former.is_enabled, former.name) == (False, f"noto-{former.autov2}")
    assert Lora.objects.get(pk=former.pk).path != chosen.path


def test_a_published_lora_stays_what_it_is(queue_run: QueueRun) -> None:
    run = with_snapshots(queue_run(), 0.9, 0.6, 0.7)
    controls.stop_run(run)
    Lora.objects.update(is_public=True)
    run.refresh_from_db()
    with pytest.raises(Conflict, match="published"):
        choose_snapshot(run, 20)


def test_a_taken_name_gets_a_number(queue_run: QueueRun) -> None:
    for _ in range(2):
        controls.stop_run(with_snapshots(queue_run(), 0.9, 0.6))
    assert sorted(Lora.objects.values_list("name", flat=True)) == ["noto", "noto-2"]
