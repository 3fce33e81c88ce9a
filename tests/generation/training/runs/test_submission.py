"""The door: what is refused, what is held, and what the manifest remembers whatever happens to the data set later."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Plan, User
from accounts.refusals import NotEnoughCredits, QuotaExceeded, Refusal
from generation.models import Checkpoint, DataSet, TrainingRun
from generation.recipes.checks import InvalidRecipe
from generation.training.datasets.captioning import set_caption
from generation.training.datasets.cropping import set_focus
from generation.training.datasets.splitting import set_split
from generation.training.runs.submission import quote_training, submit_training
from tests.conftest import credits_of
from tests.generation.training.conftest import MakeDataSet, QueueRun, small_recipe


def test_what_is_quoted_is_held(alice: User, tiny: Checkpoint, dataset: DataSet, queue_run: QueueRun) -> None:
    quoted = quote_training(alice, dataset, small_recipe())
    assert credits_of(alice) == 1000
    run = queue_run()
    assert run.credits == quoted == 1000 - credits_of(alice)
    assert (run.state, run.steps, run.recipe.checkpoint_sha256) == ("queued", 20, tiny.sha256)
    assert run.recipe.trigger == "noto style"


def test_the_manifest_is_a_snapshot(queue_run: QueueRun, dataset: DataSet) -> None:
    set_split(dataset, 2, seed=1)
    first, second = dataset.pictures.order_by("pk")[:2]
    set_focus(second, (0.25, 1))
    run = queue_run()
    set_caption(first, "changed later")
    set_focus(first, (0, 0))
    entries = TrainingRun.objects.get(pk=run.pk).manifest
    assert [entry["code"] for entry in entries] == [picture.code for picture in dataset.pictures.all()]
    assert sum(entry["held_out"] for entry in entries) == 2
    assert "changed later" not in {entry["caption"] for entry in entries}
    assert [entry["focus"] for entry in entries][:2] == [None, [0.25, 1]]


def test_an_open_resolution_is_the_checkpoints(queue_run: QueueRun, tiny: Checkpoint) -> None:
    Checkpoint.objects.update(native_width=96, native_height=64)
    assert queue_run(resolution=0).recipe.resolution == 64


def test_open_sample_prompts_are_the_trainers_own(queue_run: QueueRun, dataset: DataSet) -> None:
    set_split(dataset, 1, seed=0)
    for number, picture in enumerate(dataset.pictures.order_by("pk")):
        set_caption(picture, f"caption {number}")
    run = queue_run(sample_prompts=())
    (unseen,) = (entry["caption"] for entry in run.manifest if entry["held_out"])
    assert run.recipe.sample_prompts[0] == unseen and len(run.recipe.sample_prompts) == len(run.manifest)
    assert queue_run(sample_prompts=(), folds=2).recipe.sample_prompts[0] == "caption 0", "nothing is unseen"
    assert queue_run(sample_prompts=("a cat",)).recipe.sample_prompts == ("a cat",)


@pytest.mark.parametrize(
    ("pictures", "changes", "code"),
    [
        (2, {}, "wrong-number-of-pictures"),
        (3, {"steps": 3001, "sample_every": 500}, "too-many-steps"),
        (3, {"checkpoint": "ghost"}, "unknown-checkpoint"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    alice: User, tiny: Checkpoint, make_dataset: MakeDataSet, pictures: int, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        submit_training(alice, make_dataset(alice, pictures), small_recipe(**changes), "noto")
    assert refused.value.code == code
    assert (credits_of(alice), TrainingRun.objects.count()) == (1000, 0)


def test_an_inpainting_checkpoint_teaches_nothing(queue_run: QueueRun) -> None:
    Checkpoint.objects.update(is_inpainting=True)
    with pytest.raises(Refusal, match="only inpaints") as refused:
        queue_run()
    assert refused.value.code == "inpainting-checkpoint"


@pytest.mark.parametrize("name", ["", "two words", "../etc", "-dash", "ä", "x" * 81])
def test_a_name_is_a_word(alice: User, tiny: Checkpoint, dataset: DataSet, name: str) -> None:
    with pytest.raises(Refusal, match="one word"):
        submit_training(alice, dataset, small_recipe(), name)


def test_pictures_need_a_caption_or_a_trigger(alice: User, tiny: Checkpoint, make_dataset: MakeDataSet) -> None:
    with pytest.raises(Refusal, match="“0.png” has no caption"):
        submit_training(alice, make_dataset(alice, 3, trigger=""), small_recipe(), "noto")


def test_somebody_elses_data_set_is_not_there(charlie: User, tiny: Checkpoint, dataset: DataSet) -> None:
    with pytest.raises(Refusal, match="no such data set"):
        submit_training(charlie, dataset, small_recipe(), "noto")


def test_the_plan_limits_how_many_at_once(alice: User, tiny: Checkpoint, dataset: DataSet) -> None:
    Plan.objects.update(max_training_runs=1)
    alice.refresh_from_db()
    submit_training(alice, dataset, small_recipe(), "one")
    with pytest.raises(QuotaExceeded, match="1 LoRA at a time"):
        submit_training(alice, dataset, small_recipe(), "two")


def test_who_cannot_pay_begins_nothing(charlie: User, tiny: Checkpoint, make_dataset: MakeDataSet) -> None:
    Plan.objects.update(daily_credits=0)
    charlie.refresh_from_db()
    with pytest.raises(NotEnoughCredits):
        submit_training(charlie, make_dataset(charlie, 3), small_recipe(), "noto")
    assert not TrainingRun.objects.exists()


def test_a_recipe_out_of_range_is_none(queue_run: QueueRun) -> None:
    with pytest.raises(InvalidRecipe):
        queue_run(rank=0)
