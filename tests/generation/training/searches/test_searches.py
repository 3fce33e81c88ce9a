"""Searches: within their budget, halved by validation loss, one LoRA in the end, and paid once."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import CreditEntry, Plan, User
from accounts.refusals import Conflict, Refusal
from generation.audit.checks import audit
from generation.models import Checkpoint, DataSet, Lora, Snapshot, TrainingRun, TrainingSearch
from generation.storage.files import write
from generation.storage.quota import stored_bytes
from generation.training.datasets.splitting import set_split
from generation.training.runs import controls, files
from generation.training.runs.lifecycle import hand_out
from generation.training.runs.summaries import snapshots_of
from generation.training.searches import halving, summaries
from generation.training.searches.submission import cancel_search, delete_search, quote_search, submit_search
from generation.worker import training
from generation.worker.process import WorkerProcess
from tests.conftest import credits_of
from tests.generation.training.conftest import small_recipe
from tests.generation.training.runs.test_controls import with_snapshots

RANKS: dict[str, Any] = {"rank": [1, 2], "learning_rate": [1e-3, 1e-4]}


@pytest.fixture
def submit(alice: User, dataset: DataSet, tiny: Checkpoint) -> Any:
    def search(axes: dict[str, Any] = RANKS, budget: int = 500, **changes: Any) -> TrainingSearch:
        recipe = small_recipe(**{"steps": 40, **changes})
        return submit_search(alice, dataset, recipe, "noto", axes, budget)

    return search


def arrive(run: TrainingRun, loss: float | None) -> None:
    """The run has come to its rung with this validation loss."""
    step = min(run.stop_at or run.steps, run.steps)
    curve = [[0, 1.0, 0.01], [step, 0.5, loss]]
    TrainingRun.objects.filter(pk=run.pk).update(state="paused", step=step, curve=curve)


def test_a_training_for_each_combination_and_one_hold(alice: User, submit: Any) -> None:
    search = submit()
    recipes = [run.recipe for run in search.runs.order_by("pk")]
    assert [(recipe.rank, recipe.learning_rate) for recipe in recipes] == [(1, 1e-3), (1, 1e-4), (2, 1e-3), (2, 1e-4)]
    assert (search.rungs, {run.stop_at for run in search.runs.all()}) == ([10, 20, 40], {10})
    assert credits_of(alice) == 1000 - search.credits
    assert CreditEntry.objects.filter(kind="hold").count() == 1


def test_it_never_costs_more_than_its_budget(alice: User, dataset: DataSet, submit: Any) -> None:
    most = quote_search(alice, dataset, small_recipe(steps=40), RANKS)
    with pytest.raises(Refusal, match="may cost up to"):
        submit(budget=most - 1)
    assert (credits_of(alice), TrainingRun.objects.count()) == (1000, 0)
    assert submit(budget=most).credits == most


@pytest.mark.parametrize(
    ("axes", "code"),
    [
        ({"rank": [1]}, "wrong-number-of-candidates"),
        ({"rank": list(range(1, 18))}, "wrong-number-of-candidates"),
        ({"seed": [1, 2]}, "unknown-axis"),
    ],
)
def test_axes_that_make_no_search(submit: Any, axes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        submit(axes)
    assert refused.value.code == code


def test_a_search_counts_as_one_of_the_plans_trainings(submit: Any, alice: User) -> None:
    Plan.objects.update(max_training_runs=1)
    alice.refresh_from_db()
    submit()
    with pytest.raises(Refusal, match="1 LoRA at a time"):
        submit()


def test_the_worse_half_is_given_up_once_all_have_come(submit: Any) -> None:
    search = submit()
    runs = list(search.runs.order_by("pk"))
    for run, loss in zip(runs[:3], (0.5, 0.9, 0.4), strict=True):
        arrive(run, loss)
        halving.advance(search.pk)
    assert {run.state for run in search.runs.all()} == {"paused", "queued"}
    arrive(runs[3], None)
    halving.advance(search.pk)
    halving.advance(search.pk)
    states = [(run.state, run.error_code, run.stop_at) for run in search.runs.order_by("pk")]
    gone = ("cancelled", "outdone", 10)
    assert states == [("queued", "", 20), gone, ("queued", "", 20), gone]


@pytest.mark.django_db(transaction=True)
def test_the_weights_of_the_outdone_go_and_what_tells_why_stays(submit: Any, alice: User) -> None:
    search = submit({"rank": [1, 2]})
    better, worse = search.runs.order_by("pk")
    arrive(with_snapshots(better, 0.9, 0.4), 0.4)
    arrive(with_snapshots(worse, 0.9, 0.6), 0.6)
    sample = write(f"runs/{worse.code}/1-10-0.png", b"picture")
    worse.snapshots.filter(step=10).update(samples=[sample])
    Snapshot.objects.update(size_bytes=1000)
    halving.advance(search.pk)
    assert (files.names_of(worse.code), len(files.names_of(better.code))) == ([sample], 2)
    assert stored_bytes(alice) == 2000 + sum(p.size_bytes for p in search.dataset.pictures.all())
    assert [snapshot.validation_loss for snapshot in worse.snapshots.all()] == [0.9, 0.6]
    assert not any(view.has_file for view in snapshots_of(worse))
    assert list(audit()) == []


def test_a_candidate_is_deleted_once_the_search_is_over(submit: Any, alice: User) -> None:
    search = submit({"rank": [1, 2]})
    better, worse = search.runs.order_by("pk")
    arrive(with_snapshots(better, 0.9, 0.4), 0.4)
    arrive(worse, 0.6)
    halving.advance(search.pk)
    worse.refresh_from_db()
    with pytest.raises(Conflict, match="search"):
        controls.delete_run(worse)
    TrainingRun.objects.filter(pk=better.pk).update(state="paused", step=40)
    halving.advance(search.pk)
    search.refresh_from_db()
    spent = halving.spent_on(search)
    controls.delete_run(TrainingRun.objects.get(pk=worse.pk))
    assert (search.state, halving.spent_on(search), 1000 - credits_of(alice)) == ("done", spent, spent)


def test_an_ended_search_is_deleted_with_its_trainings_and_their_files(
    submit: Any, alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    search = submit({"rank": [1, 2]})
    first, _ = search.runs.order_by("pk")
    files.store(first, "snapshot.safetensors", b"weights")
    with pytest.raises(Conflict, match="has not ended"):
        delete_search(search)
    cancel_search(search)
    entries = CreditEntry.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        delete_search(search)
    assert (TrainingSearch.objects.count(), TrainingRun.objects.count(), files.names_of(first.code)) == (0, 0, [])
    assert (CreditEntry.objects.count(), list(audit())) == (entries, [])


def test_short_candidates_wait_at_their_own_end(submit: Any) -> None:
    search = submit({"steps": [10, 40]})
    short, long = search.runs.order_by("pk")
    assert search.rungs == [20, 40]
    arrive(with_snapshots(short, 0.9, 0.3), 0.3)
    arrive(long, 0.5)
    halving.advance(search.pk)
    search.refresh_from_db()
    short.refresh_from_db(), long.refresh_from_db()
    assert (search.state, short.state, long.state, long.error_code) == ("done", "done", "cancelled", "outdone")


@pytest.mark.django_db(transaction=True)
def test_from_submission_to_one_lora(alice: User, submit: Any, worker: WorkerProcess) -> None:
    search = submit({"rank": [1, 2]})
    assert training.perform_ready_runs() == 3
    search.refresh_from_db()
    assert (search.state, [run.step for run in search.runs.order_by("step")]) == ("done", [20, 40])
    best, outdone = summaries.table_of(search)
    assert best.run.state == "done" and best.run.lora == Lora.objects.get(owner=alice)
    assert (outdone.run.state, outdone.run.error_code) == ("cancelled", "outdone")
    assert best.values == [best.run.recipe.rank] and len(best.curve) == 41
    paid = best.run.credits + -(-outdone.run.credits // 2)
    assert paid <= search.credits and credits_of(alice) == 1000 - paid
    assert list(audit()) == []


@pytest.mark.django_db(transaction=True)
def test_every_choice_rests_on_a_measured_loss(submit: Any, worker: WorkerProcess) -> None:
    """Rungs below the fixed distance of validations and of snapshots, as a short search has them."""
    search = submit(steps=44, sample_every=1000)
    assert search.rungs == [11, 22, 44]
    training.perform_ready_runs()
    runs = list(search.runs.order_by("step"))
    assert [run.step for run in runs] == [11, 11, 22, 44]
    best = {rung: [run for run in runs if run.step >= rung] for rung in search.rungs}
    for rung in (11, 22):
        losses = {run.pk: {step: loss for step, _, loss in run.curve}[rung] for run in best[rung]}
        assert all(losses.values())
        given_up = [losses[run.pk] for run in best[rung] if run.step == rung]
        assert min(given_up) >= max(losses[run.pk] for run in best[rung] if run.step > rung)


def test_without_held_out_pictures_there_is_no_search(alice: User, dataset: DataSet, submit: Any) -> None:
    set_split(dataset, 0)
    for ask in (submit, lambda: quote_search(alice, dataset, small_recipe(steps=40), RANKS)):
        with pytest.raises(Refusal) as refused:
            ask()
        assert (refused.value.code, refused.value.field) == ("nothing-held-out", "folds")
    assert credits_of(alice) == 1000 and not TrainingRun.objects.exists()
    assert submit(folds=2).runs.count() == 4, "with folds every picture has its turn"


def test_a_search_steers_its_runs(submit: Any) -> None:
    run = submit().runs.first()
    for verb in (controls.pause_run, controls.stop_run, controls.resume_run):
        with pytest.raises(Conflict, match="search"):
            verb(run)


def test_a_discarded_or_failed_candidate_is_simply_missing(submit: Any, alice: User) -> None:
    search = submit({"rank": [1, 2]})
    controls.discard_run(search.runs.first())
    last = search.runs.last()
    arrive(last, 0.5)
    halving.advance(search.pk)
    last.refresh_from_db()
    assert (last.state, last.stop_at) == ("queued", 40)
    controls.discard_run(last)
    halving.advance(search.pk)
    search.refresh_from_db()
    assert (search.state, credits_of(alice)) == ("done", 1000)


def test_cancelling_charges_for_what_was_downloaded(submit: Any, alice: User) -> None:
    search = submit({"rank": [1, 2]}, resolution=512, batch=4)
    first, second = search.runs.order_by("pk")
    for run in (first, second):
        TrainingRun.objects.filter(pk=with_snapshots(run, 0.9, 0.6).pk).update(state="running", step=15)
    assert hand_out(first.snapshots.get(step=10))
    quarter = -(-first.credits // 4)
    assert halving.spent_on(search) == quarter
    cancel_search(search)
    assert credits_of(alice) == 1000 - quarter
    assert [view.credits for view in summaries.table_of(search)] == [quarter, 0]
    assert not hand_out(second.snapshots.get(step=10)), "nobody would pay for it"
    assert list(audit()) == []


def test_a_discarded_candidate_pays_for_what_was_downloaded(submit: Any, alice: User) -> None:
    search = submit({"rank": [1, 2]}, resolution=512, batch=4)
    run = with_snapshots(search.runs.order_by("pk")[0], 0.9, 0.6)
    assert hand_out(run.snapshots.get(step=10))
    controls.discard_run(run)
    cancel_search(search)
    assert credits_of(alice) == 1000 - -(-run.credits // 4)


def test_cancelling_charges_for_results_alone(submit: Any, alice: User) -> None:
    search = submit({"rank": [1, 2]})
    for run, loss in zip(search.runs.order_by("pk"), (0.5, 0.4), strict=True):
        arrive(run, loss)
    halving.advance(search.pk)
    cancel_search(TrainingSearch.objects.get())
    assert {run.state for run in search.runs.all()} == {"cancelled"}
    outdone = search.runs.get(error_code="outdone")
    assert credits_of(alice) == 1000 - -(-outdone.credits // 2)
    with pytest.raises(Conflict):
        cancel_search(TrainingSearch.objects.get())
