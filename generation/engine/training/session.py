"""One training in memory: networks, learners, state and files, what happens at a snapshot. The loop is `trainer`."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from torch import Tensor

from generation.engine.loading.layouts import LOADING
from generation.engine.training.adapters import Adapters
from generation.engine.training.diffusion import Diffusion
from generation.engine.training.evaluation import Evaluation
from generation.engine.training.learner import Learner, TrainingContext
from generation.engine.training.lora_file import describe, write_lora
from generation.engine.training.material import Material, TimeSlice
from generation.engine.training.networks import Networks
from generation.engine.training.outcome import Measured, Measurement
from generation.engine.training.pictures import TrainingPicture, check_enough, dataset_hash
from generation.engine.training.sampling import draw_latents, draw_samples
from generation.engine.training.state import BestWeights, State, load_state, save_state
from generation.engine.training.tensorfile import read_tensors, write_tensors
from generation.engine.training.validation import fixed_loss
from generation.recipes.training import TrainingRecipe, default_prompts, folds_of
from generation.weightfiles.hashing import hash_weights

MAIN = "lora"


class Session:
    """Made anew in every process that goes on with the training in `folder`; weights as they were left there."""

    def __init__(
        self,
        recipe: TrainingRecipe,
        base: Path,
        pictures: Sequence[TrainingPicture],
        folder: Path,
        time_slice: TimeSlice,
        device: torch.device,
    ) -> None:
        splits = _splits(recipe, pictures)
        check_enough(pictures if recipe.folds == 1 else [dataclasses.replace(one, held_out=False) for one in pictures])
        self.recipe = recipe if recipe.checkpoint_sha256 else recipe.replace(checkpoint_sha256=hash_weights(base))
        self.folder = folder
        with time_slice():
            pass  # loading begins between pictures, for one that wants other weights would wait for all of it
        networks = Networks(base, device)
        diffusion = Diffusion(networks)
        self.material = Material(networks, recipe, pictures, time_slice)
        self.prompts = recipe.sample_prompts or default_prompts(self.material.captions, splits[MAIN][1])
        if recipe.gradient_checkpointing:
            networks.unet.enable_gradient_checkpointing()
        with LOADING:  # layers begun while a checkpoint is loaded elsewhere would be left without their first weights
            self.adapters = Adapters(networks, recipe, splits)
        self.adapters.use(MAIN)
        self.material.prepare(["", recipe.prior_prompt, *self.prompts], flips=recipe.flip)
        context = TrainingContext(recipe, self.material, diffusion, self.adapters, self._prior())
        self.learners = [Learner(name, context, *split) for name, split in splits.items()]
        self.main = self.learners[0]
        self.context = context
        learned = [pictures[index] for index in self.main.learned]
        self.dataset_sha256 = dataset_hash(learned)
        self.state: State = load_state(self.state_file, self._fingerprint(splits), self.learners)
        self.evaluation = Evaluation(self.material, self.main)

    @property
    def state_file(self) -> Path:
        return self.folder / "state.safetensors"

    def learn(self) -> float:
        """One step of every learner; the running mean of the main one's loss."""
        losses = []
        for learner in self.learners:
            self._use(learner)
            losses.append(learner.step(self.state.step))
        self.state.step += 1
        before = self.state.average_loss
        self.state.average_loss = losses[0] if before is None else before + (losses[0] - before) / 50
        return self.state.average_loss

    def validate(self) -> float | None:
        """The loss on what is held out: the main learner's, or the mean of all folds'."""
        examined = [learner for learner in self.learners if learner.held_out]
        losses = []
        for learner in examined:
            self._use(learner)
            losses.append(fixed_loss(self.context, learner.held_out))
        return mean(losses) if losses else None

    def remember_if_best(self, validation_loss: float | None) -> None:
        """Between snapshots: remember the weights where the validation loss was never lower."""
        if validation_loss is None or validation_loss >= (self.state.lowest or float("inf")):
            return
        self.state.lowest = validation_loss
        weights = {name: weight.detach().cpu().clone() for name, weight in self.adapters.weights(MAIN).items()}
        self.state.best = BestWeights(self.state.step, validation_loss, weights)

    def measure(self, validation_loss: float | None) -> list[Measured]:
        """The snapshot of this step, and before it that of the best step since the last one, if that was better."""
        measured = []
        best, self.state.best = self.state.best, None
        if best is not None and (validation_loss is None or best.validation_loss < validation_loss):
            measured.append(self._measure_best(best))
        if validation_loss is not None:
            self.state.lowest = min(validation_loss, self.state.lowest or float("inf"))
        measured.append(self._measure(self.state.step, validation_loss))
        self.state.measured += [Measurement(**_values(one)) for one in measured]
        self.save()
        return measured

    def earlier(self) -> list[Measured]:
        """The snapshots that were measured before this process took over."""
        return [self._with_files(one) for one in self.state.measured]

    def save(self) -> None:
        save_state(self.state_file, self.state, self.learners)

    def snapshot_file(self, step: int) -> Path:
        return self.folder / "snapshots" / f"{step}.safetensors"

    def _use(self, learner: Learner) -> None:
        if len(self.learners) > 1:
            self.adapters.use(learner.name)

    def _measure_best(self, best: BestWeights) -> Measured:
        now = {name: weight.detach().clone() for name, weight in self.adapters.weights(MAIN).items()}
        self.adapters.load(MAIN, best.weights)
        try:
            return self._measure(best.step, best.validation_loss)
        finally:
            self.adapters.load(MAIN, now)

    def _measure(self, step: int, validation_loss: float | None) -> Measured:
        self._use(self.main)
        samples = draw_samples(self.material, self.prompts, self.recipe.seed, self.recipe.batch)
        likeness = self.evaluation.of(samples)
        pixels = tuple(sample.pixels for sample in samples)
        self._write(step)
        tensors = {str(number): torch.from_numpy(one) for number, one in enumerate(pixels)}
        write_tensors(self._samples_file(step), tensors, {})
        return Measured(
            step=step,
            training_loss=fixed_loss(self.context, self.main.learned),
            validation_loss=validation_loss,
            similarity_training=likeness.training,
            similarity_validation=likeness.validation,
            closest=likeness.closest,
            # The bare base has learned nothing yet; what it draws alike it knew before.
            memorised=likeness.memorised if step else (),
            file=self.snapshot_file(step),
            samples=pixels,
            prompts=self.prompts,
        )

    def _write(self, step: int) -> None:
        family = self.material.networks.family
        captions = [self.material.captions[index] for index in self.main.learned]
        metadata = describe(self.recipe, family, captions, self.dataset_sha256, step)
        write_lora(self.snapshot_file(step), family, self.adapters.pairs(MAIN), metadata)

    def _samples_file(self, step: int) -> Path:
        return self.folder / "samples" / f"{step}.safetensors"

    def _with_files(self, measurement: Measurement) -> Measured:
        tensors, _ = read_tensors(self._samples_file(measurement.step))
        samples = tuple(tensors[str(number)].numpy() for number in range(len(tensors)))
        return Measured(
            **_values(measurement), file=self.snapshot_file(measurement.step), samples=samples, prompts=self.prompts
        )

    def _prior(self) -> list[Tensor]:
        """The base's own pictures of the class, latents (1, C, h, w): nothing is learned at the cost of its kind."""
        if not self.recipe.prior_weight:
            return []
        path = self.folder / "prior.safetensors"
        if not path.exists():
            numbers = range(self.recipe.prior_pictures)
            with self.adapters.without():
                drawn = [
                    draw_latents(self.material, [self.recipe.prior_prompt], [(self.recipe.seed, -1 - number)])
                    for number in numbers
                ]
            write_tensors(path, {str(number): latents for number, latents in enumerate(drawn)}, {})
        tensors, _ = read_tensors(path)
        return [tensors[str(number)].to(self.material.networks.device) for number in range(len(tensors))]

    def _fingerprint(self, splits: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]) -> str:
        """What must be equal for a saved state to be of this training. Held-out pictures count by their place alone."""
        decisive = json.dumps([self.recipe.to_json(), self.dataset_sha256, splits], sort_keys=True)
        return hashlib.sha256(decisive.encode()).hexdigest()


def _splits(
    recipe: TrainingRecipe, pictures: Sequence[TrainingPicture]
) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """For each learner the pictures that it learns and those held out from it.

    With folds the main one learns every picture, as it should in the end, and the folds measure how far it may go.
    """
    everything = tuple(range(len(pictures)))
    if recipe.folds == 1 or len(pictures) < 2:
        held_out = tuple(index for index in everything if pictures[index].held_out)
        return {MAIN: (tuple(index for index in everything if index not in held_out), held_out)}
    folds = folds_of(len(pictures), recipe.seed, recipe.folds)
    return {MAIN: (everything, ())} | {
        f"fold-{number}": (tuple(index for index in everything if index not in fold), tuple(sorted(fold)))
        for number, fold in enumerate(folds)
    }


def _values(measurement: Measurement) -> dict[str, Any]:
    """Without what a snapshot's files hold."""
    return {one.name: getattr(measurement, one.name) for one in dataclasses.fields(Measurement)}
