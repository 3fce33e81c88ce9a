"""Which snapshot to propose, and the sentence that says why. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NEARLY = 1.10
"""Validation losses within a tenth of the lowest count as equal.

They are measured on a few held-out pictures: on nine Noto drawings, two held out, they scatter by as much from one
fifty steps to the next, while the lowest lies so early that its samples show nothing of the style yet.
"""


@dataclass(frozen=True, slots=True)
class Losses:
    """What a choice needs of a snapshot; `memorised` counts samples that look like a training picture."""

    step: int
    training_loss: float
    validation_loss: float | None
    memorised: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    step: int
    reason: str


def choose(points: Sequence[Losses]) -> Choice:
    """Of the snapshots that do best on pictures they never saw, the one that has learned its own the best.

    Those with the fewest samples that copy a training picture go first. `points` holds at least one; step 0 is the bare
    base.
    """
    trained = [point for point in points if point.step > 0] or list(points)
    losses = {point.step: point.validation_loss for point in trained if point.validation_loss is not None}
    if not losses:
        last = max(trained, key=lambda point: point.step)
        return Choice(last.step, f"Step {last.step} is the last; no picture was held out to compare with.")
    lowest = min(losses.values())
    near = [point for point in trained if point.step in losses and losses[point.step] <= lowest * NEARLY]
    best = min(near, key=lambda point: (point.memorised, point.training_loss, point.step))
    return Choice(best.step, _sentence(best, losses[best.step], lowest, list(points)))


def _sentence(best: Losses, loss: float, lowest: float, points: list[Losses]) -> str:
    start = next((point.validation_loss for point in points if point.step == 0), None)
    if start is not None and loss >= start:
        return f"Step {best.step} harms held-out pictures least ({loss:.3f}), yet the bare base does better there."
    below = f", {round(100 * (1 - loss / start))} % below the start" if start else ""
    sentence = f"Step {best.step} does best on held-out pictures (validation loss {loss:.3f}{below})"
    if loss > lowest:
        sentence = (
            f"Step {best.step} does about as well on held-out pictures as any (validation loss {loss:.3f}{below};"
            f" the lowest is {lowest:.3f}), and of those it has learned the most"
        )
    last = max(points, key=lambda point: point.step)
    if last.step == best.step or last.validation_loss is None:
        return f"{sentence}; nothing spoke against going on."
    if last.training_loss < best.training_loss and last.validation_loss > lowest * NEARLY:
        return (
            f"{sentence}; later ones only learn the training pictures by heart ({last.validation_loss:.3f} at the end)."
        )
    return f"{sentence}; later ones are no better ({last.validation_loss:.3f} at the end)."
