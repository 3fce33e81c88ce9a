"""Pictures from pictures against diffusers' pipelines on the same weights, and what ControlNets cost those beside them.

Times are CPU seconds of the whole process on one torch thread, taken in pairs, and medians of their ratios. `mini` is
the bundled checkpoint; its ControlNets have random weights. `sd15` is SD 1.5's true size with random weights.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
import torch

from generation.engine.batching import residuals
from generation.engine.batching.unet_call import call_unet
from generation.engine.denoising import Denoising
from generation.engine.outcome import Pixels
from generation.engine.renderer import Renderer
from generation.recipes.controls import SHARE_OF_A_STEP
from generation.recipes.picture import Recipe
from tests.benchmarks._kinds import Kinds, control_networks
from tests.benchmarks._requests import burst, figure, paired_ratio, warm
from tests.benchmarks._sd15 import random_sd15
from tests.renders import draw
from tests.tiny_weights import BUNDLED_CHECKPOINT

Figures = list[dict[str, Any]]


def lone() -> Figures:
    """One request of each kind with nobody beside it."""
    rows = []
    with control_networks(BUNDLED_CHECKPOINT) as networks:
        kinds = Kinds(BUNDLED_CHECKPOINT, networks, "mini", 128)
        asked = {"image to image": kinds.image(), "inpaint": kinds.inpaint(), "ControlNet": kinds.controlled()}
        with kinds.engine() as renderer:
            for kind, wanted in asked.items():
                equal = is_equal(kinds, wanted, draw(renderer, wanted)[0])
                ratio = paired_ratio(lambda: draw(renderer, wanted), lambda: kinds.by_pipeline(wanted), 7)  # noqa: B023
                what = f"mini 16x16, lone {kind}"
                rows += [
                    figure(f"{what}: equal to the pipeline to the bit", float(equal), "", "yes", equal),
                    figure(f"{what}: time to the pipeline", ratio, "x", "<= 1.05", ratio <= 1.05),
                ]
    return rows


def is_equal(kinds: Kinds, wanted: Recipe, pixels: Pixels) -> bool:
    """To the pipeline's picture; around a mask to the source, which the pipeline gives back as its VAE makes it."""
    expected = kinds.by_pipeline(wanted)
    if wanted.start and wanted.start.mask:
        expected = np.where(np.asarray(kinds.mask)[..., None] > 0, expected, np.asarray(kinds.source))
    return np.array_equal(pixels, expected)


def mixed() -> Figures:
    """Eight requests of all kinds at once, against eight calls of the pipelines one after another."""
    with control_networks(BUNDLED_CHECKPOINT) as networks:
        kinds = Kinds(BUNDLED_CHECKPOINT, networks, "mini", 64)
        recipes = [
            *(kinds.text(seed) for seed in (0, 1)),
            *(kinds.image(seed) for seed in (2, 3)),
            *(kinds.inpaint(seed) for seed in (4, 5)),
            *(kinds.controlled(6 + at, network) for at, network in enumerate(networks)),
        ]
        with kinds.engine() as renderer:
            warm(renderer, recipes)
            for wanted in recipes:
                kinds.by_pipeline(wanted)
            ratio = paired_ratio(
                lambda: [kinds.by_pipeline(wanted) for wanted in recipes], lambda: burst(renderer, recipes), 5
            )
    what = "mini 8x8, 8 at once (text, image, inpaint, two ControlNets): throughput to sequential pipelines"
    return [figure(what, ratio, "x", ">= 1.8", ratio >= 1.8)]


def beside() -> Figures:
    """What ControlNets cost rows that have none, in one UNet call: on the bundled checkpoint and in SD 1.5's size."""
    rows = []
    with control_networks(BUNDLED_CHECKPOINT) as networks:
        rows += beside_figures("mini 8x8", Kinds(BUNDLED_CHECKPOINT, networks, "mini", 64), 60)
    with random_sd15() as folder, control_networks(folder) as networks:
        kinds = Kinds(folder, networks, "sd15", 64)
        rows += beside_figures("sd15 8x8", kinds, 5)
        rows += share_figures(Kinds(folder, networks, "sd15", 256), 3)
    return rows


def beside_figures(where: str, kinds: Kinds, pairs: int) -> Figures:
    """Six requests without and two with ControlNets, against eight without."""
    plain = [kinds.text(seed) for seed in range(8)]
    some = [*plain[:6], kinds.controlled(6, "edges"), kinds.controlled(7, "depth")]
    with kinds.engine() as renderer, Stepping(renderer, plain) as without, Stepping(renderer, some) as among:
        without.seconds()
        among.seconds()
        ratios, wholes = [], []
        for _ in range(pairs):
            (base, _), (whole, own) = without.seconds(), among.seconds()
            ratios.append((whole - own) / base)
            wholes.append(whole / base)
    others = median(ratios)
    words = f"{where}, 6 requests beside 2 with ControlNets: their UNet call to that of 8 without"
    return [
        figure(words, others, "x", "<= 1.05", others <= 1.05),
        figure("the same with the calls of the two ControlNets, for which all wait", median(wholes), "x"),
    ]


def share_figures(kinds: Kinds, pairs: int) -> Figures:
    """What a ControlNet costs of a step, which its price follows."""
    with (
        kinds.engine() as renderer,
        Stepping(renderer, [kinds.text()]) as without,
        Stepping(renderer, [kinds.controlled()]) as among,
    ):
        without.seconds()
        among.seconds()
        share = median(among.seconds()[0] / without.seconds()[0] - 1 for _ in range(pairs))
    near = abs(share - SHARE_OF_A_STEP) <= 0.1
    goal = f"{SHARE_OF_A_STEP} ± 0.1, as priced"
    return [figure("sd15 32x32: what a ControlNet costs of a step", share, "", goal, near)]


class Stepping:
    """One UNet call of these requests, again and again at their first step, and how long it takes."""

    def __init__(self, renderer: Renderer, recipes: Sequence[Recipe]) -> None:
        self.renderer, self.recipes = renderer, recipes

    def __enter__(self) -> Stepping:
        self.leases = ExitStack()
        cache = self.renderer._checkpoints
        self.batch: list[Denoising] = []
        for wanted in self.recipes:
            checkpoint = self.leases.enter_context(cache.lease(wanted.checkpoint_sha256))
            networks = self.leases.enter_context(self.renderer._controls.lease(checkpoint, wanted.controls))
            self.batch.append(self.renderer._prepare(wanted, checkpoint, None, networks))
        return self

    def __exit__(self, *error: object) -> None:
        self.leases.close()

    @torch.inference_mode()
    def seconds(self) -> tuple[float, float]:
        """CPU seconds of the call, and of the ControlNets' own calls in it."""
        own, call = 0.0, residuals._call

        def timed(*given: Any) -> Any:
            nonlocal own
            began = time.process_time()
            made = call(*given)
            own += time.process_time() - began
            return made

        with mock.patch.object(residuals, "_call", timed):
            started = time.process_time()
            call_unet(self.batch)
            return time.process_time() - started, own
