"""The door to training: `train(...)` yields progress, snapshots and in the end which of them to take.

The same recipe, base and pictures give the same file to the byte on the same machine, however often the process died.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import torch

from generation.engine.training.material import TimeSlice
from generation.engine.training.outcome import Finished, Measured, Progress, TrainingError
from generation.engine.training.pictures import TrainingPicture
from generation.engine.training.session import Session
from generation.engine.training.state import SAVE_EVERY
from generation.engine.training.work_clock import WorkClock
from generation.recipes.choosing import Choice, Losses, choose
from generation.recipes.training import VALIDATE_EVERY, TrainingRecipe

__all__ = ["Finished", "Measured", "Progress", "TrainingError", "TrainingPicture", "propose", "train"]

Event = Progress | Measured | Finished


def train(
    recipe: TrainingRecipe,
    base: Path,
    pictures: Sequence[TrainingPicture],
    folder: Path,
    *,
    time_slice: TimeSlice = nullcontext,
    device: torch.device | str = "cpu",
    threads: int | None = None,
    rest_at: int | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Generator[Event, None, None]:
    """Learn a LoRA for the checkpoint `base`. Yields Progress after each step, Measured at snapshots, then Finished.

    `folder` keeps all there is: called again on it, the training goes on from at most 100 steps before where it was
    killed, to the same result; snapshots told before are told again. Closing the generator stops after the step under
    way, and nothing of it is lost. `time_slice` is entered around every piece of work on the device. Held-out pictures
    decide nothing but what is measured. `device` may be "auto"; `threads` limits torch's on a CPU. At the step
    `rest_at`, where a search compares, the validation loss is taken as well. `enough` is asked after each step: where
    it says so, that step is measured like the last, and the training ends with it. Raises TrainingError and
    WeightsRefused with sentences for people.
    """
    if threads:
        torch.set_num_threads(threads)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    session = Session(recipe, base, pictures, folder, time_slice, torch.device(device))
    measured = session.earlier()
    yield from measured
    try:
        for event in _events(session, rest_at, enough):
            if isinstance(event, Measured):
                measured.append(event)
            yield event
    except GeneratorExit:
        session.save()
        raise
    choice = propose(measured)
    yield Finished(choice.step, choice.reason, session.snapshot_file(choice.step))


def propose(snapshots: Sequence[Measured]) -> Choice:
    """The snapshot to take of those that there are, and why; for a training that was stopped early, too."""
    return choose([Losses(one.step, one.training_loss, one.validation_loss, len(one.memorised)) for one in snapshots])


def _events(session: Session, rest_at: int | None, enough: Callable[[], bool]) -> Iterator[Progress | Measured]:
    """The loop. Everything that a step changes is in the session's state, so that it may end after any of them."""
    recipe, state = session.recipe, session.state
    clock = WorkClock(recipe.steps, recipe.sample_every)
    if not state.measured:
        validation_loss = clock.timed("validate", session.validate)
        first = clock.timed("measure", partial(session.measure, validation_loss))
        yield Progress(0, recipe.steps, first[0].training_loss, validation_loss, None)
        yield from first
    last = recipe.steps
    while state.step < last:
        loss = clock.timed("learn", session.learn)
        last = state.step if enough() else last
        due = state.step % recipe.sample_every == 0 or state.step == last
        asked = due or state.step == rest_at or state.step % VALIDATE_EVERY == 0
        validation_loss = clock.timed("validate", session.validate) if asked else None
        snapshots = clock.timed("measure", partial(session.measure, validation_loss)) if due else []
        if not due:
            session.remember_if_best(validation_loss)
            if state.step % SAVE_EVERY == 0:
                session.save()
        yield Progress(state.step, recipe.steps, loss, validation_loss, clock.seconds_left(state.step))
        yield from snapshots
