"""Whether second passes, upscaling networks and ControlNets are priced by what they cost: work units beside arithmetic.

The networks stand on a device that computes nothing and counts all the same, at their true sizes.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from generation.engine.families import CONFIGS, FAMILIES
from generation.engine.loading.upscalers import UpscalingNetwork
from generation.recipes.controls import SHARE_OF_A_STEP
from generation.recipes.enlarging import Hires
from generation.recipes.picture import Recipe
from generation.recipes.pricing import NETWORK_STEPS, hires_work
from generation.weightfiles.upscalers import UpscalerShape, layers_of

Rows = list[dict[str, Any]]

ROWS, TOKENS = 2, 77
"""A guided step asks twice, with one chunk of text."""
ESRGAN = UpscalerShape("rrdb", scale=4, features=64, blocks=23, growth=32, doublings=2)
NEAR = (0.9, 1.1)


def work_units() -> Rows:
    """What is charged, divided by what is computed; both in steps of the first pass."""
    rows = []
    for family in ("sd1", "sdxl"):
        unet, native = on_meta(UNet2DConditionModel, family), FAMILIES[family].native_side
        first = operations(unet, family, native)
        for scale in (1.5, 2.0):
            counted = operations(unet, family, int(native * scale)) / first
            recipe = Recipe("x", width=native, height=native, steps=20)
            charged = hires_work(recipe, Hires(scale, 20, 1.0, sampler="Euler")) / (native**2 * 20)
            rows.append(row(f"{FAMILIES[family].title}: second pass, {scale:g} times a side", charged / counted))
    unet = on_meta(UNet2DConditionModel, "sd1")
    step = operations(unet, "sd1", 512)
    rows.append(row("ESRGAN of 23 blocks", NETWORK_STEPS / (operations_of_network() / step)))
    with torch.device("meta"):
        controlnet = ControlNetModel.from_unet(unet)
    rows.append(row("ControlNet of SD 1.x", SHARE_OF_A_STEP / (operations(controlnet, "sd1", 512) / step)))
    return rows


def row(what: str, value: float) -> dict[str, Any]:
    goal = f"{NEAR[0]} to {NEAR[1]}"
    return {
        "what": f"{what}: charged to computed", "value": round(value, 2), "unit": "x", "goal": goal,
        "holds": NEAR[0] <= value <= NEAR[1],
    }  # fmt: skip


def on_meta(kind: Any, family: str) -> Any:
    with torch.device("meta"):
        return kind.from_config(kind.load_config(CONFIGS / family / "unet"))


def empty(*shape: int) -> Tensor:
    return torch.zeros(shape, device="meta")


def operations(network: Any, family: str, side: int) -> int:
    """Of a guided call of a UNet or a ControlNet for a picture of side × side pixels."""
    asked: dict[str, Any] = {"encoder_hidden_states": empty(ROWS, TOKENS, network.config.cross_attention_dim)}
    if FAMILIES[family].pooled:
        asked["added_cond_kwargs"] = {"text_embeds": empty(ROWS, 1280), "time_ids": empty(ROWS, 6)}
    if isinstance(network, ControlNetModel):
        asked["controlnet_cond"] = empty(ROWS, 3, side, side)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(empty(ROWS, network.config.in_channels, side // 8, side // 8), empty(ROWS), **asked)
    return int(counter.get_total_flops())


def operations_of_network() -> int:
    network = UpscalingNetwork(ESRGAN, {name: empty(*size) for name, size in layers_of(ESRGAN).items()})
    with FlopCounterMode(display=False) as counter:
        network(empty(1, 3, 512, 512))
    return int(counter.get_total_flops())
