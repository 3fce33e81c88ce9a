"""The engine against sequential `StableDiffusionPipeline` calls on the same weights, side by side in one run.

Times are CPU seconds of the whole process on one torch thread, taken in pairs, and medians of their ratios. `mini` is
the bundled checkpoint, `sd15` a UNet of SD 1.5's true size with random weights. Where a batch helps depends on the
latents: 8 by 8 are bound by weights as a GPU's are, 16 by 16 of `mini` nearly fill a CPU core with a single row.

All of it takes twenty minutes of a quiet core; `--only SECTION` takes one of SECTIONS.

LoRAs on attention layers, which nearly all files are, cost 1.12 (four guided requests) to 1.14 (eight without guidance,
each its own set). On every layer of `mini` they cost 1.48 to 1.50 (two rows without a goal), and what was tried against
that is written with the arithmetic, in `generation.engine.lora.on_cpu`: its layers are 48 to 192 wide, so one LoRA of
rank 8 is 8 to 33 % of a layer's own arithmetic, and each of 133 layers runs two or three operations more. Also tried:
one product for all projections that read the same states (query, key and value; every cross-attention's key and value).
It changed nothing that could be told from noise: 1.11 against 1.12 on attention layers, 1.50 both ways on all.

`sd15` gains by memory traffic that is not repeated for each request, so a busy neighbour on the machine spoils it: on a
quiet one 2.9 times sequential was measured, beside ten other processes 1.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import mean, median
from typing import Any

import numpy as np

from generation.engine.loading.checkpoints import CheckpointCache, FolderWeights
from generation.engine.outcome import Step
from generation.engine.renderer import Renderer
from generation.imaging.encode import encode_preview
from generation.recipes.picture import LoraPick, Recipe
from tests.benchmarks._lora_batches import GUIDED, UNGUIDED, LoraBench
from tests.benchmarks._memory import growth_over
from tests.benchmarks._requests import (
    EIGHT_SAMPLERS,
    burst,
    cpu_seconds,
    draw_sequentially,
    figure,
    figures_of,
    paired_ratio,
    strangers,
    warm,
)
from tests.benchmarks._sd15 import random_sd15
from tests.benchmarks._trace import poisson, serve_by_engine, serve_sequentially
from tests.renders import draw, draw_by_pipeline, draw_together, every_weight, levels_apart
from tests.tiny_loras import EVERYTHING

Figures = list[dict[str, Any]]


def run(only: str | None = None) -> Figures:
    """Every figure, or those of one of SECTIONS."""
    return figures_of(SECTIONS, only)


@contextmanager
def engine(weights: FolderWeights | None = None) -> Iterator[Renderer]:
    renderer = Renderer(weights or every_weight(), device="cpu", threads=1)
    try:
        yield renderer
    finally:
        renderer.close()


def lone() -> Figures:
    """One request with nobody beside it."""
    with engine() as renderer:
        equal, ratios = 0, []
        for sampler in EIGHT_SAMPLERS:
            wanted = Recipe("a red apple", "", 128, 128, 12, 4.0, sampler, seed=7, checkpoint_sha256="mini")
            equal += np.array_equal(draw(renderer, wanted)[0], draw_by_pipeline(wanted))
            ratios.append(paired_ratio(lambda: draw(renderer, wanted), lambda: draw_by_pipeline(wanted), 5))  # noqa: B023
    return [
        figure("mini 16x16, lone request: samplers equal to pipe() to the bit", equal, "of 8", "8", equal == 8),
        figure("mini 16x16, lone request: time to pipe()", median(ratios), "x", "<= 1.05", median(ratios) <= 1.05),
    ]


def mixed() -> Figures:
    """Eight strangers in one batch, each compared with itself alone; half of them with LoRAs."""
    picks = (LoraPick("3d", 0.8, sha256="fluent-3d"), LoraPick("line", 0.5, sha256="line-art"))
    recipes = [
        wanted.replace(sampler=EIGHT_SAMPLERS[number], cfg_scale=(1.0, 5.0, 7.5)[number % 3], loras=picks[: number % 3])
        for number, wanted in enumerate(strangers("mini", 8, side=128))
    ]
    with engine() as renderer:
        warm(renderer, recipes, rounds=1)
        alone = [draw(renderer, wanted)[0] for wanted in recipes]
        together = draw_together(renderer, recipes)
    apart = [levels_apart(one, other) for one, other in zip(alone, together, strict=True)]  # type: ignore[arg-type]
    most, share = max(levels for levels, _ in apart), max(share for _, share in apart) * 100
    return [
        figure("mini 16x16, 8 strangers in a batch against alone: levels of 255 apart", most, "", "<= 1", most <= 1),
        figure("the same: values that differ at all", share, "%", "< 0.1", share < 0.1),
    ]


def throughput() -> Figures:
    """Eight at once with mixed parameters, against eight pipe() calls."""
    rows = []
    with engine() as renderer:
        for side, goal in ((64, 1.9), (128, None)):
            recipes = strangers("mini", 8, side=side)
            warm(renderer, recipes)
            draw_sequentially(recipes)
            ratio = paired_ratio(lambda: draw_sequentially(recipes), lambda: burst(renderer, recipes), 5)  # noqa: B023
            words = f"mini {side // 8}x{side // 8}, 8 at once: throughput to sequential"
            rows.append(figure(words, ratio, "x", f">= {goal}" if goal else "", ratio >= goal if goal else None))
        seen = renderer.metrics.snapshot()
        rows.append(figure("rows a UNet call, mean over these runs", seen.rows / seen.calls, ""))
    return rows


def arrivals() -> Figures:
    """Forty strangers by chance, at twice the rate that sequential calls can serve; the median of three traces."""
    gains: dict[str, list[float]] = {"mean latency": [], "p95 latency": [], "time to first preview": []}
    recipes = strangers("mini", 40, side=64)
    with engine() as renderer:
        warm(renderer, recipes[:8])
        draw_sequentially(recipes[:3])
        service = cpu_seconds(lambda: draw_sequentially(recipes[:12])) / 12
        for seed in range(3):
            trace = poisson(recipes, service / 2, seed)
            theirs, ours = serve_sequentially(trace), serve_by_engine(renderer, trace)
            gains["mean latency"].append(theirs.mean / ours.mean)
            gains["p95 latency"].append(theirs.p95 / ours.p95)
            gains["time to first preview"].append(mean(theirs.first_preview) / mean(ours.first_preview))
    goals = {"mean latency": 2.2, "p95 latency": 2.0, "time to first preview": 6.0}
    return [
        figure(
            f"mini 8x8, Poisson arrivals at twice the sequential capacity: {what}, sequential to engine",
            median(gains[what]),
            "x",
            f">= {goal:g}",
            median(gains[what]) >= goal,
        )
        for what, goal in goals.items()
    ]


def loras() -> Figures:
    """Eight rows with one to three LoRAs each, of six, of rank 8: on every attention layer, then on every layer."""
    cache = CheckpointCache(every_weight(), budget_bytes=2**30)
    with cache.lease("mini") as checkpoint:
        bench = LoraBench(checkpoint, latent_side=8, warm_calls=20)
        rows = lora_figures("mini 8x8", bench, pairs=25)
    with cache.lease("mini") as checkpoint:
        bench = LoraBench(checkpoint, latent_side=8, warm_calls=30, matching=EVERYTHING)
        for words, picks in (("4 guided", GUIDED), ("8 unguided", UNGUIDED)):
            what = f"mini 8x8, {words} requests with 1 to 3 LoRAs on every layer: UNet call to plain"
            rows.append(figure(what, bench.cost(picks, 25), "x"))
    return rows


def lora_figures(where: str, bench: LoraBench, pairs: int) -> Figures:
    guided, unguided = bench.cost(GUIDED, pairs), bench.cost(UNGUIDED, pairs)
    stall = bench.joining_stall(max(3, pairs // 3))
    return [
        figure(
            f"{where}, 4 guided requests with 1 to 3 LoRAs: UNet call to plain", guided, "x", "<= 1.15", guided <= 1.15
        ),
        figure(
            f"{where}, 8 unguided requests with 1 to 3 LoRAs: UNet call to plain",
            unguided,
            "x",
            "<= 1.15",
            unguided <= 1.15,
        ),
        figure(
            f"{where}, the 4 guided requests in calls of their own, to one plain call", bench.grouped_cost(pairs), "x"
        ),
        figure(f"{where}, a warm LoRA joins: stall of the others", stall, "steps", "< 0.3", stall < 0.3),
    ]


def previews() -> Figures:
    """Linear map and JPEG of every request's every step, as a share of all CPU time of the run."""
    rows = []

    def look(step: Step) -> None:
        if step.preview is not None:
            encode_preview(step.preview)

    with engine() as renderer:
        for side in (128, 64):
            recipes = strangers("mini", 8, side=side)
            warm(renderer, recipes)
            shares = []
            for _ in range(5):
                spent: list[float] = []
                total = cpu_seconds(lambda: spent.extend(burst(renderer, recipes, look)))  # noqa: B023
                shares.append(100 * sum(spent) / total)
            share = median(shares)
            words = f"mini {side // 8}x{side // 8}, 8 at once: previews of every step"
            rows.append(figure(words, share, "% of the run", "< 4", share < 4))
    return rows


def memory() -> Figures:
    """500 renders over 3 checkpoints and 20 LoRAs, five at a time, with budgets too small for all of them."""
    growth = 100 * growth_over(500)
    return [figure("resident memory over 500 renders, after the first 50: growth", growth, "%", "< 5", growth < 5)]


def sd15() -> Figures:
    """A full-size UNet: throughput with short runs, the median of three pairs, and LoRAs."""
    with random_sd15() as folder:
        recipes = strangers("sd15", 8, side=64, steps=(3, 4, 5))
        with engine(FolderWeights({"sd15": folder})) as renderer:
            warm(renderer, recipes, rounds=2)
            draw_sequentially(recipes[:1], folder)
            before = renderer.metrics.snapshot()
            ratio = paired_ratio(lambda: draw_sequentially(recipes, folder), lambda: burst(renderer, recipes), 3)
            after = renderer.metrics.snapshot()
        cache = CheckpointCache(FolderWeights({"sd15": folder}), budget_bytes=2**33)
        with cache.lease("sd15") as checkpoint:
            bench = LoraBench(checkpoint, latent_side=8, warm_calls=1)
            rows = lora_figures("sd15 8x8", bench, pairs=3)
    throughput = figure("sd15 8x8, 8 at once: throughput to sequential", ratio, "x", ">= 1.9", ratio >= 1.9)
    shared = figure("the same: rows a UNet call, mean", (after.rows - before.rows) / (after.calls - before.calls), "")
    return [throughput, shared, *rows]


SECTIONS: Mapping[str, Callable[[], Figures]] = {
    "lone": lone,
    "mixed": mixed,
    "throughput": throughput,
    "arrivals": arrivals,
    "loras": loras,
    "previews": previews,
    "memory": memory,
    "sd15": sd15,
}
