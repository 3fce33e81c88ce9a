"""Renders for tests and benchmarks: by the engine, in one thread or many, and by diffusers' own pipelines."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from diffusers import (
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)
from PIL import Image

from generation.engine.batching.request import RenderRequest
from generation.engine.loading.checkpoints import FolderWeights, LoadedCheckpoint
from generation.engine.outcome import Pixels, Rendered, Step
from generation.engine.renderer import Renderer
from generation.engine.samplers import EVERY_ROW, make_scheduler, schedule_followed, scheduler_class
from generation.recipes.picture import Recipe
from generation.recipes.sampling import AUTOMATIC, TABLE
from tests.tiny_weights import BUNDLED_CHECKPOINT, BUNDLED_LORAS, tiny_checkpoint, tiny_vae

allow_numpy_copies = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")
"""diffusers' schedulers hand torch tensors to numpy 2, which asks torch for keywords that it does not know yet."""


INPAINTING = "-inpainting"
"""At the end of a name: a checkpoint whose UNet takes mask and source besides."""


def checkpoint_folder(name: str) -> Path:
    if name.endswith(INPAINTING):
        return tiny_checkpoint(name.removesuffix(INPAINTING), channels=9)
    return BUNDLED_CHECKPOINT if name == "mini" else tiny_checkpoint(name)


@functools.cache
def every_weight() -> FolderWeights:
    """The tiny checkpoints and the bundled one under their family's name, a tiny VAE, and the bundled LoRAs."""
    names = ("sd1", "sd2", "sdxl", "mini", "sd1-inpainting", "sd2-inpainting", "sdxl-inpainting")
    checkpoints = {name: checkpoint_folder(name) for name in names}
    loras = {path.stem: path for path in BUNDLED_LORAS}
    return FolderWeights({**checkpoints, **loras, "vae": tiny_vae()})


def recipe(checkpoint: str = "sd1", **changes: Any) -> Recipe:
    """A small one: 64 pixels a side, four steps."""
    small = {"prompt": "a red cat", "width": 64, "height": 64, "steps": 4, "cfg_scale": 5.0, "seed": 7}
    return Recipe(**{**small, "checkpoint_sha256": checkpoint, **changes})


def draw(renderer: Renderer, wanted: Recipe, **options: Any) -> tuple[Pixels, list[Step]]:
    """The picture and the steps on the way to it."""
    *steps, rendered = renderer.render(wanted, **options)
    assert isinstance(rendered, Rendered)
    return rendered.pixels, [step for step in steps if isinstance(step, Step)]


def draw_together(renderer: Renderer, recipes: Sequence[Recipe]) -> list[Pixels | Exception]:
    """One thread a recipe, as the worker does; each one's picture, or what it raised."""
    outcomes: list[Pixels | Exception] = [RuntimeError("not drawn")] * len(recipes)

    def run(place: int) -> None:
        try:
            outcomes[place] = draw(renderer, recipes[place])[0]
        except Exception as error:
            outcomes[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(recipes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@contextmanager
def meeting(renderer: Renderer, count: int) -> Iterator[None]:
    """Inside the block each of `count` requests waits for the others before it joins the engine's batches, once a
    pass: so they share calls however slow the machine is."""
    barrier, join = threading.Barrier(count, timeout=120), renderer._loop.join

    def join_together(request: RenderRequest) -> None:
        barrier.wait()
        join(request)

    with mock.patch.object(renderer._loop, "join", join_together):
        yield


@contextmanager
def loaded(renderer: Renderer, checkpoint: str = "sd1") -> Iterator[LoadedCheckpoint]:
    """The very networks that the renderer draws with, to put faults into."""
    with renderer._checkpoints.lease(checkpoint) as lease:
        yield lease


@functools.cache
def pipeline(folder: Path) -> Any:
    """diffusers' own pipeline on a folder's weights in float32; made once, its scheduler is set for each picture."""
    kind = StableDiffusionXLPipeline if (folder / "text_encoder_2").exists() else StableDiffusionPipeline
    made = kind.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    made.set_progress_bar_config(disable=True)
    made.own_scheduler_config = dict(made.scheduler.config)
    return made


FROM_PICTURES = {
    (False, False): StableDiffusionImg2ImgPipeline,
    (False, True): StableDiffusionInpaintPipeline,
    (True, False): StableDiffusionXLImg2ImgPipeline,
    (True, True): StableDiffusionXLInpaintPipeline,
}
"""diffusers' pipelines that start from a picture, by whether it is SDXL and whether there is a mask."""


def _from_picture(pipe: Any, wanted: Recipe, pictures: Sequence[Image.Image]) -> tuple[Any, dict[str, Any]]:
    """The pipeline of the same networks that starts from source and mask, and what it is called with besides."""
    assert wanted.start is not None
    source, mask = (*pictures, None)[:2]
    kind = FROM_PICTURES["text_encoder_2" in pipe.components, mask is not None]
    made = kind(
        **pipe.components, **({} if "text_encoder_2" in pipe.components else {"requires_safety_checker": False})
    )
    made.set_progress_bar_config(disable=True)
    masked = {"width": wanted.width, "height": wanted.height, "mask_image": mask} if mask is not None else {}
    return made, {"image": source, "strength": wanted.start.strength, **masked}


def draw_by_pipeline(
    wanted: Recipe,
    folder: Path | None = None,
    on_step: Callable[[], object] = lambda: None,
    pictures: Sequence[Image.Image] = (),
) -> Pixels:
    """What diffusers makes of the recipe (plain prompts only); `folder` where `checkpoint_folder` does not know it.

    `pictures` are the source, in the recipe's size, and the mask that the recipe starts from.
    """

    def step_ended(pipe: Any, step: int, timestep: Any, states: dict[str, Any]) -> dict[str, Any]:
        on_step()
        return states

    pipe, row = pipeline(folder or checkpoint_folder(wanted.checkpoint_sha256)), TABLE[wanted.sampler]
    pipe.scheduler = _scheduler(wanted, pipe.own_scheduler_config)
    given: dict[str, Any] = {"width": wanted.width, "height": wanted.height}
    if pictures:
        pipe, given = _from_picture(pipe, wanted, pictures)
    image = pipe(
        wanted.prompt,
        negative_prompt=wanted.negative_prompt or None,
        **given,
        num_inference_steps=wanted.steps,
        guidance_scale=wanted.cfg_scale,
        generator=torch.Generator("cpu").manual_seed(wanted.seed),
        eta=row.eta,
        callback_on_step_end=step_ended,
        output_type="np",
    ).images[0]
    pixels: Pixels = (image * 255).round().astype(np.uint8)
    return pixels


def _scheduler(wanted: Recipe, config: dict[str, Any]) -> Any:
    """diffusers' own where it spaces the steps; one that already has ours where the pipeline does not know them."""
    if schedule_followed(wanted.sampler, wanted.schedule, config) == AUTOMATIC:
        return scheduler_class(wanted.sampler).from_config({**config, **EVERY_ROW, **TABLE[wanted.sampler].settings})
    scheduler: Any = make_scheduler(wanted.sampler, wanted.schedule, wanted.steps, config)
    scheduler.set_timesteps = lambda *_, **__: None
    return scheduler


def levels_apart(first: Pixels, second: Pixels) -> tuple[int, float]:
    """The largest difference in levels of 255, and the share of values that differ."""
    difference = np.abs(first.astype(int) - second.astype(int))
    return int(difference.max()), float((difference > 0).mean())
