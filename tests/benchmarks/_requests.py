"""The requests of the engine's benchmark, and how they are drawn: by diffusers one after another, or by the engine."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import torch

from generation.engine.outcome import Step
from generation.engine.renderer import Renderer
from generation.recipes.picture import Recipe
from tests.renders import draw, draw_by_pipeline

EIGHT_SAMPLERS = ("Euler", "Euler a", "DPM++ 2M", "DPM++ 2M Karras", "UniPC", "PLMS", "Heun", "DDIM")
FOUR_SAMPLERS = ("DDIM", "Euler a", "DPM++ 2M", "UniPC")
PROMPTS = ("a red apple", "a blue car", "a cat", "a green tree", "a yellow house")
NEGATIVES = ("", "", "blue")


def strangers(checkpoint: str, count: int, *, side: int, steps: Sequence[int] = (8, 12, 20)) -> list[Recipe]:
    """`count` requests that share nothing but checkpoint and size."""
    return [
        Recipe(
            prompt=PROMPTS[number % len(PROMPTS)],
            negative_prompt=NEGATIVES[number % len(NEGATIVES)],
            width=side,
            height=side,
            steps=steps[number % len(steps)],
            cfg_scale=(5.0, 7.5, 9.0)[number // 2 % 3],
            sampler=FOUR_SAMPLERS[number % len(FOUR_SAMPLERS)],
            seed=number,
            checkpoint_sha256=checkpoint,
        )
        for number in range(count)
    ]


def figures_of(sections: Mapping[str, Callable[[], list[dict[str, Any]]]], only: str | None) -> list[dict[str, Any]]:
    """Of every section, or of one by its name; on one torch thread."""
    torch.set_num_threads(1)
    rows = []
    for section, measure in sections.items():
        if only in (None, section):
            print(f"measuring: {section}", file=sys.stderr, flush=True)
            rows += measure()
            gc.collect()
    return rows


def figure(what: str, value: float, unit: str, goal: str = "", holds: bool | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {"what": what, "value": round(value, 6), "unit": unit}
    return row | ({"goal": goal, "holds": bool(holds)} if holds is not None else {})


def cpu_seconds(work: Callable[[], object]) -> float:
    """Of the whole process: with one torch thread that is the time of computing, whoever else uses the machine."""
    started = time.process_time()
    work()
    return time.process_time() - started


def paired_ratio(ours: Callable[[], object], theirs: Callable[[], object], pairs: int) -> float:
    """The median over pairs of our time to theirs, taken in turns so that the machine's moods meet both."""
    return median(cpu_seconds(ours) / cpu_seconds(theirs) for _ in range(pairs))


def draw_sequentially(recipes: Sequence[Recipe], folder: Path | None = None) -> None:
    for wanted in recipes:
        draw_by_pipeline(wanted, folder)


def burst(renderer: Renderer, recipes: Sequence[Recipe], look: Callable[[Step], object] | None = None) -> list[float]:
    """All at once, one thread each. The CPU seconds that each thread spent on looking at its steps."""

    def follow(wanted: Recipe) -> float:
        entered, spent = None, 0.0
        for event in renderer.render(wanted, previews=look is not None):
            if look is not None and isinstance(event, Step):
                entered = entered or time.thread_time()
                look(event)
                spent = time.thread_time() - entered
        return spent

    with ThreadPoolExecutor(len(recipes)) as threads:
        return list(threads.map(follow, recipes))


def warm(renderer: Renderer, recipes: Sequence[Recipe], rounds: int = 3) -> None:
    """As a worker is that has been running: weights loaded, kernels made, the row budget learned."""
    draw(renderer, recipes[0])
    for _ in range(rounds):
        burst(renderer, recipes)
