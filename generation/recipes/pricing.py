"""What a picture or a training costs, in credits. Pure: a recipe and a price list in, a number out.

The operator's price list is `catalog.prices`, the ledger `accounts.credits`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from generation.recipes.controls import steps_of_controls
from generation.recipes.enlarging import Enlarge, Hires
from generation.recipes.picture import Recipe
from generation.recipes.training import DEFAULT_SAMPLES, MEASURED_ROWS, SAMPLE_STEPS, VALIDATE_EVERY, TrainingRecipe


@dataclass(frozen=True, slots=True)
class PriceList:
    """What one credit buys.

    `steps_per_credit`: steps of a picture of 512×512. Training waits whenever somebody draws, so its work costs a
    `training_discount`th.
    """

    steps_per_credit: float = 10.0
    training_discount: float = 4.0

    @property
    def work_per_credit(self) -> float:
        """Pixels times steps, the unit of `work`."""
        return 512 * 512 * self.steps_per_credit


USUAL = PriceList()


NETWORK_STEPS = 6.0
"""Drawing steps that an upscaler's network costs, for each of the pixels that it is given: the arithmetic of ESRGAN's
23 blocks beside a step of SD 1.x. `python -m tests.benchmarks pictures --only work` counts this and the next."""
RESULT_STEPS = 0.1
"""The same for each pixel of an enlarged picture: resized, and encoded as a file of its size."""
ATTENTION = 0.13
"""By what part a second pass's step gets dearer with each time that it has the first pass's pixels beyond the first: by
its arithmetic 0.15 for SD 1.x and 0.11 for SDXL, each from the size that it was taught with to twice its sides."""


def work(recipe: Recipe) -> float:
    """Pixels times steps: the unit in which the queue is shared and prices are made.

    From a picture only the steps that the strength leaves are drawn; what none are left of is worked at like one step.
    ControlNets add their share of each step that they join.
    """
    if recipe.enlarge:
        return enlarging_work(recipe, recipe.enlarge)
    steps = max(1, recipe.start.steps_of(recipe.steps) if recipe.start else recipe.steps)
    further = inverting_steps(recipe) + steps_of_controls(recipe.controls, steps)
    second = hires_work(recipe, recipe.hires) if recipe.hires else 0.0
    return float(recipe.width * recipe.height * (steps + further)) + second


def inverting_steps(recipe: Recipe) -> float:
    """Drawing steps that finding the noise behind pictures is worth: one row a picture and call, unguided."""
    if recipe.inversion is None:
        return 0.0
    return recipe.inversion.calls_of(recipe.steps) * len(recipe.inversion.ends) / ROWS_A_DRAWING_STEP


def hires_work(recipe: Recipe, hires: Hires) -> float:
    """Of the second pass alone. Its steps are dearer than their pixels say, since each pixel attends to all others."""
    width, height = hires.size_of(recipe.width, recipe.height)
    pixels = width * height
    dearer = 1 + ATTENTION * max(0.0, pixels / (recipe.width * recipe.height) - 1)
    made = max(1, hires.steps_of(recipe.steps, recipe.sampler)[1])
    network = NETWORK_STEPS * recipe.width * recipe.height if hires.needs_network else 0.0
    return pixels * (made + steps_of_controls(recipe.controls, made)) * dearer + network


def enlarging_work(recipe: Recipe, enlarge: Enlarge) -> float:
    """Of an upscale: its network, its tiles, its result."""
    width, height = enlarge.size
    network = NETWORK_STEPS * enlarge.source.width * enlarge.source.height if enlarge.needs_network else 0.0
    tiles = len(enlarge.tiles(recipe.width, recipe.height)) if enlarge.strength else 0
    steps = max(1, enlarge.steps_of(recipe.steps))
    drawn = tiles * recipe.width * recipe.height * (steps + steps_of_controls(recipe.controls, steps))
    return network + drawn + RESULT_STEPS * width * height


def price(recipe: Recipe, prices: PriceList = USUAL) -> int:
    """Whole credits, at least one."""
    return max(1, math.ceil(work(recipe) / prices.work_per_credit))


ROWS_A_DRAWING_STEP = 2
"""A guided step asks the network twice: with the prompt and without."""

CALLS_A_LEARNED_ROW = 3
"""Learning from a picture once costs its call and the way back through the network, which is about two more."""


def training_work(recipe: TrainingRecipe, pictures: int, *, native_side: int = 512) -> float:
    """Pixels times drawing steps, the unit of `work`. `native_side` is what a resolution of 0 stands for.

    With folds every fold learns as much as the one LoRA that is kept; with a prior each step learns as much again.
    Samples and measurements are paid like drawing; with the usual settings they are about a tenth.
    """
    side = recipe.resolution or native_side
    rows = recipe.steps * recipe.batch * recipe.gradient_accumulation * (2 if recipe.prior_weight else 1)
    learners = 1 + min(recipe.folds, pictures) if recipe.folds > 1 else 1
    learning = side**2 * rows * learners * CALLS_A_LEARNED_ROW / ROWS_A_DRAWING_STEP
    return learning + side**2 * _looking_steps(recipe, pictures)


def _looking_steps(recipe: TrainingRecipe, pictures: int) -> float:
    """Drawing steps of what is looked at beside the learning: snapshots, validations, pictures of the prior.

    The best between two snapshots may become one of its own; that one is free, since nobody knows before.
    """
    snapshots = 1 + math.ceil(recipe.steps / recipe.sample_every)
    validations = (snapshots + recipe.steps // VALIDATE_EVERY) * min(recipe.folds, pictures)
    samples = snapshots * (len(recipe.sample_prompts) or DEFAULT_SAMPLES)
    prior = recipe.prior_pictures if recipe.prior_weight else 0
    return (samples + prior) * SAMPLE_STEPS + (snapshots + validations) * MEASURED_ROWS / ROWS_A_DRAWING_STEP


def training_price(recipe: TrainingRecipe, pictures: int, prices: PriceList = USUAL, *, native_side: int = 512) -> int:
    """Whole credits, at least one."""
    work_in_full = training_work(recipe, pictures, native_side=native_side)
    return max(1, math.ceil(work_in_full / prices.work_per_credit / prices.training_discount))
