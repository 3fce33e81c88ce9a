"""LoRA training on the bundled checkpoint: against diffusers' own loop, and nine pictures of a style from end to end.

Steps are compared in CPU seconds on one torch thread, in turns; memory is each loop's own process at its highest. The
nine pictures are Noto Emoji, seven to learn and two held out; both of their runs go from nothing to the last file.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from generation.engine.training.trainer import Finished, Measured, train
from generation.recipes.training import TrainingRecipe
from tests.benchmarks._requests import cpu_seconds, figure, paired_ratio
from tests.benchmarks._training_loops import DiffusersLoop, ours
from tests.generation.engine.training.lessons import noto_pictures
from tests.tiny_weights import BUNDLED_CHECKPOINT

Figures = list[dict[str, Any]]

STEPS = 2500
WARM_STEPS = 5
STEPS_A_PAIR = 10
PAIRS = 9


def run() -> Figures:
    rows = [*speed(), *memory()]
    torch.set_num_threads(os.cpu_count() or 1)
    return [*rows, *nine_pictures()]


def speed() -> Figures:
    """The same pictures, rank, layers, batch and optimizer for both."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        our_step, their_step = ours(Path(folder)), DiffusersLoop().step
        steps(our_step, WARM_STEPS)
        steps(their_step, WARM_STEPS)
        seconds = cpu_seconds(lambda: steps(our_step, STEPS_A_PAIR)) / STEPS_A_PAIR
        ratio = paired_ratio(lambda: steps(their_step, STEPS_A_PAIR), lambda: steps(our_step, STEPS_A_PAIR), PAIRS)
    return [
        figure("steps a second with caches, to diffusers' LoRA example", ratio, "x", ">= 1.3", ratio >= 1.3),
        figure("steps a second of one core", 1 / seconds, "1/s"),
    ]


def steps(step: Any, count: int) -> None:
    for _ in range(count):
        step()


def memory() -> Figures:
    own, theirs = (peak_memory(which) for which in ("ours", "theirs"))
    words = "peak resident memory of 20 steps, to that of diffusers' example"
    return [figure(words, own / theirs, "x", "<= 1", own <= theirs), figure("the same, ours", own, "MiB")]


def peak_memory(which: str) -> float:
    """MiB of a process that only runs this loop."""
    command = [sys.executable, "-m", "tests.benchmarks._training_loops", which, "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def nine_pictures() -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        started, began = time.monotonic(), time.process_time()
        snapshots, finished = whole_run(Path(folder) / "first")
        minutes, busy = (time.monotonic() - started) / 60, (time.process_time() - began) / 60
        again, finished_again = whole_run(Path(folder) / "second")
        same = digest(finished.file) == digest(finished_again.file) and digests(snapshots) == digests(again)
    losses = {one.step: one.validation_loss or 0.0 for one in snapshots}
    best, last = losses[finished.best_step], max(losses)
    below = 100 * (1 - best / losses[0])
    return [
        figure(f"nine pictures, {STEPS} steps", minutes, "min", "<= 8", minutes <= 8),
        figure("the same in CPU time", busy, "min"),
        figure("validation loss at step 0", losses[0], ""),
        figure(f"validation loss at the proposed step {finished.best_step}", best, ""),
        figure("the same, below step 0", below, "%", ">= 35", below >= 35),
        figure(f"validation loss at the last step {last}", losses[last], "", "worse", losses[last] > best),
        figure("proposed step is not the last", finished.best_step, "", f"< {last}", finished.best_step < last),
        figure("a second run gives the same files", int(same), "", "1", same),
    ]


def whole_run(folder: Path) -> tuple[list[Measured], Finished]:
    recipe = TrainingRecipe(steps=STEPS)
    *events, finished = train(recipe, BUNDLED_CHECKPOINT, noto_pictures(), folder)
    assert isinstance(finished, Finished)
    return [event for event in events if isinstance(event, Measured)], finished


def digests(snapshots: list[Measured]) -> list[str]:
    return [digest(one.file) for one in snapshots]


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
