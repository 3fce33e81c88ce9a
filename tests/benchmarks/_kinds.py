"""Requests of every kind for `_from_pictures`: by diffusers' pipelines, or by the engine."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from PIL import Image, ImageDraw

from generation.engine.loading.checkpoints import FolderWeights
from generation.engine.outcome import Pixels
from generation.engine.renderer import Renderer
from generation.recipes.controls import ControlPick
from generation.recipes.picture import Recipe
from generation.recipes.starting import Start
from tests.control_renders import control_pipeline, drawing, reference
from tests.control_renders import pictures as given_pictures
from tests.renders import FROM_PICTURES, _scheduler, pipeline
from tests.tiny_controls import made_for
from tests.tiny_weights import seeded

NETWORKS = ("edges", "depth")


@dataclass(frozen=True)
class Kinds:
    """The kinds of requests at one size, with what they draw from."""

    folder: Path
    networks: dict[str, Path]
    checkpoint: str
    side: int

    @property
    def source(self) -> Image.Image:
        return drawing("source", self.side)

    @property
    def mask(self) -> Image.Image:
        return half_mask(self.side)

    @property
    def control(self) -> Image.Image:
        return drawing("control", self.side)

    def weights(self) -> FolderWeights:
        return FolderWeights({self.checkpoint: self.folder, **self.networks})

    def recipe(self, seed: int, **changes: Any) -> Recipe:
        plain = {"prompt": "a red apple", "width": self.side, "height": self.side, "cfg_scale": 5.0, "steps": 12}
        return Recipe(**{**plain, "seed": seed, "checkpoint_sha256": self.checkpoint, **changes})

    def text(self, seed: int = 0, **changes: Any) -> Recipe:
        return self.recipe(seed, **changes)

    def image(self, seed: int = 1, **changes: Any) -> Recipe:
        return self.recipe(seed, start=Start(reference(self.source), 0.6), **changes)

    def inpaint(self, seed: int = 2, **changes: Any) -> Recipe:
        start = Start(reference(self.source), 1.0, reference(self.mask), mask_blur=0)
        return self.recipe(seed, start=start, **changes)

    def controlled(self, seed: int = 3, network: str = "edges", **changes: Any) -> Recipe:
        return self.recipe(seed, controls=(ControlPick(network, reference(self.control), network),), **changes)

    @contextmanager
    def engine(self) -> Iterator[Renderer]:
        """A renderer that has the weights and the pictures."""
        made = Renderer(self.weights(), given_pictures(self.source, self.mask, self.control), device="cpu", threads=1)
        try:
            yield made
        finally:
            made.close()

    def by_pipeline(self, wanted: Recipe) -> Pixels:
        """What diffusers' own pipeline of the kind makes; each pipeline is made once."""
        given: dict[str, Any] = {"width": wanted.width, "height": wanted.height}
        if wanted.controls:
            pipe = control_pipeline(self.folder, tuple(self.networks[pick.sha256] for pick in wanted.controls))
            given["image"] = self.control
        elif wanted.start:
            pipe = from_picture(self.folder, wanted.start.mask is not None)
            given = {"image": self.source, "strength": wanted.start.strength}
            given |= (
                {"mask_image": self.mask, "width": wanted.width, "height": wanted.height} if wanted.start.mask else {}
            )
        else:
            pipe = pipeline(self.folder)
        pipe.scheduler = _scheduler(wanted, pipeline(self.folder).own_scheduler_config)
        made = pipe(
            wanted.prompt,
            **given,
            num_inference_steps=wanted.steps,
            guidance_scale=wanted.cfg_scale,
            generator=torch.Generator("cpu").manual_seed(wanted.seed),
            output_type="np",
        ).images[0]
        pixels: Pixels = (made * 255).round().astype("uint8")
        return pixels


@functools.cache
def half_mask(side: int) -> Image.Image:
    """White in the middle, where it is drawn."""
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).rectangle((side // 4, side // 4, side * 3 // 4 - 1, side * 3 // 4 - 1), fill=255)
    return mask


@functools.cache
def from_picture(folder: Path, masked: bool) -> Any:
    plain = pipeline(folder)
    made = FROM_PICTURES[False, masked](**plain.components, requires_safety_checker=False)
    made.set_progress_bar_config(disable=True)
    return made


@contextmanager
def control_networks(folder: Path) -> Iterator[dict[str, Path]]:
    """Two ControlNets with random weights for a checkpoint's folder, gone after the block."""
    unet = UNet2DConditionModel.from_pretrained(folder / "unet")
    with tempfile.TemporaryDirectory(prefix="tempera-control-") as place:
        paths = {name: Path(place) / name for name in NETWORKS}
        for seed, path in enumerate(paths.values()):
            with seeded(seed):
                made_for(unet, small=False).save_pretrained(path)
        yield paths
