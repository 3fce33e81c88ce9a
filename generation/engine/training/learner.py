"""One adapter on its way: what it learns from, its optimizer, and a step. A cross-validation has several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from generation.engine.training.adapters import Adapters
from generation.engine.training.diffusion import Diffusion, generator_for, row_losses
from generation.engine.training.material import Material
from generation.engine.training.networks import EncodedCaptions, TimeIds
from generation.engine.training.optimizers import make_optimizer, rate_at, set_rate
from generation.engine.training.order import Order
from generation.engine.training.outcome import TrainingError
from generation.recipes.training import TrainingRecipe

GREATEST_GRADIENT = 1.0


@dataclass(frozen=True, slots=True)
class Batch:
    """n rows to be learned: clean latents (n, C, h, w), their captions, size numbers in pixels."""

    latents: Tensor
    captions: EncodedCaptions
    time_ids: Sequence[TimeIds]


@dataclass(frozen=True, slots=True)
class TrainingContext:
    """What all learners of a training share. `prior`: latents (1, C, h, w) of the base's own pictures of a class."""

    recipe: TrainingRecipe
    material: Material
    diffusion: Diffusion
    adapters: Adapters
    prior: Sequence[Tensor] = ()

    def losses(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """The weighted loss (n,) of each row at drawn timesteps and noise."""
        added = self.diffusion.noise_for(generator, tuple(batch.latents.shape), offset=self.recipe.noise_offset)
        noisy = self.diffusion.noisy(batch.latents, added)
        prediction = self.material.networks.predict(noisy, added.timesteps, batch.captions, batch.time_ids)
        errors = row_losses(prediction, self.diffusion.target(batch.latents, added))
        return errors * self.diffusion.weights(added, self.recipe.min_snr_gamma)


class Learner:
    """Learns the pictures in `learned` into the adapter `name`; those in `held_out` it is measured on."""

    def __init__(self, name: str, context: TrainingContext, learned: Sequence[int], held_out: Sequence[int]) -> None:
        self.name = name
        self.context = context
        self.learned = tuple(learned)
        self.held_out = tuple(held_out)
        sizes = [size if index in learned else None for index, size in enumerate(context.material.sizes)]
        self.order = Order.of(context.recipe.seed, context.recipe.batch, sizes)
        self.optimizer = make_optimizer(context.recipe, context.adapters, name)

    def step(self, step: int) -> float:
        """Learn one step, counted from 0; its loss. Raises TrainingError when the loss is no number any more."""
        parts = self.context.recipe.gradient_accumulation
        set_rate(self.optimizer, rate_at(self.context.recipe, step))
        total = 0.0
        for part in range(parts):
            with self.context.material.time_slice():
                loss = self._loss(step * parts + part, generator_for(self.context.recipe.seed, self.name, step, part))
                (loss / parts).backward()  # type: ignore[no-untyped-call]
                total += float(loss.detach()) / parts
                if part == parts - 1:
                    self._update()
        if not total < float("inf"):
            raise TrainingError("not-finite", f"The loss is no number any more at step {step + 1}: lower the rate.")
        return total

    def _update(self) -> None:
        nn.utils.clip_grad_norm_(
            [p for group in self.optimizer.param_groups for p in group["params"]], GREATEST_GRADIENT
        )
        self.optimizer.step()
        self.optimizer.zero_grad()

    def _loss(self, number: int, generator: torch.Generator) -> Tensor:
        loss = self.context.losses(self._batch(number, generator), generator).mean()
        if self.context.prior:
            weight = self.context.recipe.prior_weight
            loss = loss + weight * self.context.losses(self._prior_batch(generator), generator).mean()
        return loss

    def _batch(self, number: int, generator: torch.Generator) -> Batch:
        recipe, material = self.context.recipe, self.context.material
        indices = self.order.at(number)
        chances = torch.rand(2, len(indices), generator=generator).tolist()
        flips = [recipe.flip and chance < 0.5 for chance in chances[0]]
        dropped = [chance < recipe.caption_dropout for chance in chances[1]]
        latents, time_ids = material.latents(indices, flips)
        captions = ["" if drop else material.captions[index] for index, drop in zip(indices, dropped, strict=True)]
        return Batch(latents, material.encoded(captions), time_ids)

    def _prior_batch(self, generator: torch.Generator) -> Batch:
        recipe, material = self.context.recipe, self.context.material
        picked = torch.randint(len(self.context.prior), (recipe.batch,), generator=generator).tolist()
        captions = material.encoded([recipe.prior_prompt] * recipe.batch)
        height, width = material.square.height, material.square.width
        return Batch(
            torch.cat([self.context.prior[index] for index in picked]),
            captions,
            [(height, width, 0, 0, height, width)] * recipe.batch,
        )
