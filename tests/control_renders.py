"""Renders with ControlNets for tests and benchmarks: by the engine, and by diffusers' own pipelines."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import (
    ControlNetModel,
    StableDiffusionControlNetImg2ImgPipeline,
    StableDiffusionControlNetInpaintPipeline,
    StableDiffusionControlNetPipeline,
    StableDiffusionXLControlNetImg2ImgPipeline,
    StableDiffusionXLControlNetInpaintPipeline,
    StableDiffusionXLControlNetPipeline,
)
from PIL import Image

from generation.engine.loading.checkpoints import FolderWeights
from generation.engine.outcome import Pixels
from generation.engine.picturesource import GivenPictures
from generation.recipes.controls import ControlPick
from generation.recipes.picture import Recipe
from generation.recipes.sampling import TABLE
from generation.recipes.starting import PictureRef
from tests.renders import INPAINTING, _scheduler, checkpoint_folder, pipeline
from tests.tiny_controls import (
    tiny_controlnet,
    tiny_depth_annotator,
    tiny_depth_anything,
    tiny_pose_annotator,
    tiny_sam,
)

FAMILIES = ("sd1", "sd2", "sdxl")


@functools.cache
def control_weights() -> FolderWeights:
    """Tiny checkpoints by family, two ControlNets of each (`sd1-a`, `sd1-b`), one that reads blue first, annotators."""
    networks = {
        f"{family}-{name}": tiny_controlnet(family, seed) for family in FAMILIES for seed, name in enumerate("ab")
    }
    depth = {"depth": tiny_depth_annotator(), "depth-anything": tiny_depth_anything()}
    annotators = {**depth, "pose": tiny_pose_annotator(), "sam": tiny_sam()}
    checkpoints = {name: checkpoint_folder(name) for name in (*FAMILIES, f"sd1{INPAINTING}")}
    return FolderWeights({**checkpoints, **networks, "sd1-bgr": tiny_controlnet("sd1", 0, "bgr"), **annotators})


@functools.cache
def drawing(name: str = "drawing", side: int = 64) -> Image.Image:
    """A picture with shapes and colours; another for each name."""
    random = np.random.default_rng(list(name.encode()))
    pixels = random.integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(side // 8, 0).repeat(side // 8, 1)
    pixels[side // 4 : side // 2, side // 4 : -side // 4] = (250, 240, 30)
    return Image.fromarray(pixels)


def reference(image: Image.Image) -> PictureRef:
    return PictureRef(hashlib.sha256(image.tobytes()).hexdigest(), image.width, image.height)


def pictures(*images: Image.Image) -> GivenPictures:
    return GivenPictures({reference(image).sha256: image for image in images})


def control(network: str = "sd1-a", image: Image.Image | None = None, **changes: Any) -> ControlPick:
    """A pick whose network is a key of `control_weights`."""
    return ControlPick(network, reference(image or drawing()), sha256=network, **changes)


PIPELINES = {
    (False, 0): StableDiffusionControlNetPipeline,
    (False, 1): StableDiffusionControlNetImg2ImgPipeline,
    (False, 2): StableDiffusionControlNetInpaintPipeline,
    (True, 0): StableDiffusionXLControlNetPipeline,
    (True, 1): StableDiffusionXLControlNetImg2ImgPipeline,
    (True, 2): StableDiffusionXLControlNetInpaintPipeline,
}
"""diffusers' own, by whether it is SDXL and by how many pictures it starts from: none, a source, or that and a mask."""


@functools.cache
def control_pipeline(folder: Path, networks: tuple[Path, ...], begun: int = 0) -> Any:
    """diffusers' own, in float32, on the weights of the plain pipeline; it starts from so many pictures."""
    plain = pipeline(folder)
    kind = PIPELINES[hasattr(plain, "text_encoder_2"), begun]
    loaded = [ControlNetModel.from_pretrained(path, dtype=torch.float32, local_files_only=True) for path in networks]
    made = kind.from_pipe(plain, controlnet=loaded[0] if len(loaded) == 1 else loaded)
    made.set_progress_bar_config(disable=True)
    made.own_scheduler_config = plain.own_scheduler_config
    return made


def draw_by_control_pipeline(
    wanted: Recipe, images: Sequence[Image.Image], begun: Sequence[Image.Image] = ()
) -> Pixels:
    """What diffusers makes of the recipe, whose ControlNets read `images` as they are; `begun` are the source, in the
    recipe's size, and the mask that it starts from."""
    networks = tuple(control_weights().controlnet(pick.sha256) for pick in wanted.controls)
    pipe = control_pipeline(checkpoint_folder(wanted.checkpoint_sha256), networks, len(begun))
    pipe.scheduler = _scheduler(wanted, pipe.own_scheduler_config)
    single = len(networks) == 1
    seen = images[0] if single else list(images)
    given: dict[str, Any] = {"image": seen, "width": wanted.width, "height": wanted.height}
    if begun:
        assert wanted.start is not None
        masked = {"mask_image": begun[1]} if len(begun) > 1 else {}
        given |= {"image": begun[0], "control_image": seen, "strength": wanted.start.strength, **masked}
    each = {
        "controlnet_conditioning_scale": [float(pick.weight) for pick in wanted.controls],
        "control_guidance_start": [pick.start for pick in wanted.controls],
        "control_guidance_end": [pick.end for pick in wanted.controls],
    }
    image = pipe(
        wanted.prompt,
        **given,
        negative_prompt=wanted.negative_prompt or None,
        num_inference_steps=wanted.steps,
        guidance_scale=wanted.cfg_scale,
        generator=torch.Generator("cpu").manual_seed(wanted.seed),
        eta=TABLE[wanted.sampler].eta,
        output_type="np",
        **{name: values[0] if single else values for name, values in each.items()},
    ).images[0]
    pixels: Pixels = (image * 255).round().astype(np.uint8)
    return pixels
