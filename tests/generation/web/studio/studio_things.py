"""What the studio's pages are tested with: a training as its worker leaves it, with curve, snapshots and samples."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from generation.models import DataSet, Snapshot, TrainingRun
from generation.recipes.training import TrainingRecipe
from generation.storage.files import write
from tests.generation.training.datasets.conftest import MakeDataSet, dataset, make_dataset, own_media, picture, upload

__all__ = ["MakeDataSet", "dataset", "learned", "make_dataset", "own_media", "picture", "run_of", "upload"]

PROMPTS = ("a noto apple", "a noto house")


def run_of(owner: User, dataset: DataSet | None = None, **fields: Any) -> TrainingRun:
    """A queued training of nine pictures."""
    recipe = TrainingRecipe(checkpoint="emoji-diffusion", trigger="noto style", sample_prompts=PROMPTS)
    manifest = [
        {"code": f"p{n}", "name": f"{n}.png", "file": "", "sha256": "", "caption": "", "crop": None, "held_out": n > 6}
        for n in range(9)
    ]
    values = {"name": "noto", "recipe_json": recipe.to_json(), "manifest": manifest, "steps": recipe.steps}
    return TrainingRun.objects.create(
        owner=owner, dataset=dataset, checkpoint_sha256="b" * 64, credits=40, **{**values, **fields}
    )


def learned(run: TrainingRun, upto: int = 1500) -> TrainingRun:
    """It has come so far: a curve whose validation loss is least at step 500, and a snapshot every 500 steps."""
    run.curve = [
        (step, 0.9 * 0.9985**step + 0.1, 0.6 + abs(step - 500) / 5000 + 0.3 * 0.99**step if step % 50 == 0 else None)
        for step in range(0, upto + 1, 10)
    ]
    run.step, run.seconds_left, run.best_step = upto, 75.0, 500
    run.best_reason = "Step 500 does best on held-out pictures (validation loss 0.602, 35 % below the start)."
    run.save()
    for step in range(0, upto + 1, 500):
        Snapshot.objects.create(
            run=run,
            step=step,
            training_loss=0.9 - step / 2000,
            validation_loss=0.6 + abs(step - 500) / 5000,
            similarity_training=0.5,
            similarity_validation=0.4,
            closest=9 if step > 1000 else 90,
            memorised=[[0, "apple.png"]] if step > 1000 else [],
            file=write(f"runs/{run.code}/{step}.safetensors", b"weights of step %d" % step),
            samples=[write(f"runs/{run.code}/{step}-{n}.png", picture(step + n)) for n in range(2)],
        )
    return run
