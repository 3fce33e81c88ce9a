"""A training on disk between steps, so that a killed one goes on where it was. Safetensors, replaced as a whole."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from generation.engine.training.learner import Learner
from generation.engine.training.outcome import Measurement, TrainingError
from generation.engine.training.tensorfile import read_tensors, write_tensors

SAVE_EVERY = 100
"""At most this many steps are lost when a process is killed."""


@dataclass(slots=True)
class BestWeights:
    """The best weights between two snapshots, which become one of their own when nothing later is better."""

    step: int
    validation_loss: float
    weights: dict[str, Tensor]


@dataclass(slots=True)
class State:
    """Where a training stands. `step` steps are done; `lowest` is the least validation loss seen so far."""

    fingerprint: str
    step: int = 0
    average_loss: float | None = None
    lowest: float | None = None
    best: BestWeights | None = None
    measured: list[Measurement] = field(default_factory=list)


def save_state(path: Path, state: State, learners: Sequence[Learner]) -> None:
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, float] = {}
    for learner in learners:
        for name, weight in learner.context.adapters.weights(learner.name).items():
            tensors[f"{learner.name}/weights/{name}"] = weight
        for name, value in _optimizer_values(learner):
            (tensors if isinstance(value, Tensor) else numbers)[name] = value
    plain: dict[str, Any] = {one.name: getattr(state, one.name) for one in dataclasses.fields(state)}
    plain["measured"] = [dataclasses.asdict(one) for one in state.measured]
    # The file calls the best weights by an older name: a training from before an upgrade goes on as well.
    plain["kept"] = None
    if best := plain.pop("best"):
        plain["kept"] = {"step": best.step, "validation_loss": best.validation_loss}
        tensors |= {f"kept/{name}": weight for name, weight in best.weights.items()}
    write_tensors(path, tensors, {"state": json.dumps(plain), "optimizer": json.dumps(numbers)})


def load_state(path: Path, fingerprint: str, learners: Sequence[Learner]) -> State:
    """The saved state put back into the learners, or a fresh one where nothing was saved.

    Raises TrainingError where what was saved is of another training, or is broken.
    """
    if not path.exists():
        return State(fingerprint)
    try:
        tensors, metadata = read_tensors(path)
        plain = json.loads(metadata["state"])
        numbers = json.loads(metadata["optimizer"])
        measured = [
            # JSON has no tuples.
            Measurement(**{**record, "memorised": tuple((number, name) for number, name in record["memorised"])})
            for record in plain.pop("measured")
        ]
        state = State(best=_best(plain.pop("kept"), tensors), measured=measured, **plain)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise TrainingError("broken-state", "What was saved of this training cannot be read.") from error
    if state.fingerprint != fingerprint:
        raise TrainingError("other-training", "The folder holds another training: other pictures or other settings.")
    for learner in learners:
        _put_back(learner, {**tensors, **numbers})
    return state


def _best(plain: Mapping[str, Any] | None, tensors: Mapping[str, Tensor]) -> BestWeights | None:
    if plain is None:
        return None
    weights = {name.removeprefix("kept/"): weight for name, weight in tensors.items() if name.startswith("kept/")}
    return BestWeights(plain["step"], plain["validation_loss"], weights)


def _optimizer_values(learner: Learner) -> Iterator[tuple[str, Any]]:
    for index, values in learner.optimizer.state_dict()["state"].items():
        for key, value in values.items():
            if value is not None:
                yield f"{learner.name}/optimizer/{index}/{key}", value


@torch.no_grad()
def _put_back(learner: Learner, values: Mapping[str, Any]) -> None:
    weights, moments = f"{learner.name}/weights/", f"{learner.name}/optimizer/"
    learner.context.adapters.load(
        learner.name, {name.removeprefix(weights): value for name, value in values.items() if name.startswith(weights)}
    )
    states: dict[int, dict[str, Any]] = {}
    for name, value in values.items():
        if name.startswith(moments):
            index, key = name.removeprefix(moments).split("/")
            states.setdefault(int(index), {})[key] = value
    learner.optimizer.load_state_dict({**learner.optimizer.state_dict(), "state": states})
