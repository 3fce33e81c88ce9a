"""ControlNets from disk to memory: folders in diffusers' layout, and single files in either layout.

A single file says only its weights; the rest is what its family's UNet has, whose first half a ControlNet repeats.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import ControlNetModel
from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint
from safetensors.torch import load_file
from torch import Tensor, nn

from generation.engine.families import FAMILIES, Family
from generation.engine.loading.components import ready
from generation.engine.loading.diffusers_folder import read_network
from generation.engine.loading.layouts import check_kind, refusing
from generation.weightfiles.controlnets import control_tensors
from generation.weightfiles.safetensors_header import WeightFileRefused

LABELS = {
    f"label_emb.0.{place}.{part}": f"add_embedding.linear_{place // 2 + 1}.{part}"
    for place in (0, 2)
    for part in ("weight", "bias")
}
"""SDXL's embedding of sizes in the original layout, which diffusers' own conversion leaves out."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedControlNet:
    """A ControlNet in memory, in evaluation mode, gradients off. `see` is the part that reads the picture.

    What it sees is the same at every step, so it is seen once: `network` takes it where diffusers takes the picture.
    """

    sha256: str
    title: str
    family: Family
    network: Any
    see: nn.Module
    sees_bgr: bool
    size_bytes: int


def load_controlnet(path: Path, sha256: str, *, device: torch.device, dtype: torch.dtype) -> LoadedControlNet:
    """Load a ControlNet. Raises WeightsRefused when it is incomplete, broken or of no known family."""
    with refusing(path):
        family = FAMILIES[check_kind(path, "controlnet")]
        read = _read_folder if path.is_dir() else _read_file
        network = ready(read(path, family, dtype), device)
    see, network.controlnet_cond_embedding = network.controlnet_cond_embedding, nn.Identity()
    sees_bgr = network.config.controlnet_conditioning_channel_order == "bgr"
    # Else it would turn about the channels of what was seen.
    network.register_to_config(controlnet_conditioning_channel_order="rgb")
    size = sum(weight.nbytes for part in (network, see) for weight in part.parameters())
    return LoadedControlNet(sha256, path.stem, family, network, see, sees_bgr, size)


def _read_folder(folder: Path, family: Family, dtype: torch.dtype) -> Any:
    return read_network(ControlNetModel, folder, dtype)


def _read_file(path: Path, family: Family, dtype: torch.dtype) -> Any:
    if not family.configs.is_dir():
        raise WeightFileRefused("unsupported-layout", f"{family.title} ControlNets are taken as folders only.")
    tensors = control_tensors(load_file(path))
    unet = json.loads((family.configs / "unet" / "config.json").read_text("utf-8"))
    renamed = convert_controlnet_checkpoint(tensors, {"layers_per_block": unet["layers_per_block"]})
    renamed |= {LABELS[key]: value for key, value in tensors.items() if key in LABELS}
    with init_empty_weights():
        network = ControlNetModel.from_config(config_of(unet, renamed))
    # The conversion names what it did not find with None; what is missing breaks the load.
    found = {key: value.to(dtype, copy=True) for key, value in renamed.items() if value is not None}
    network.load_state_dict(found, assign=True)
    return network


def config_of(unet: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """A ControlNet's config: its family's UNet's, with as many transformers as the tensors (...) show, by their names.

    SDXL's smaller ControlNets have fewer of them than its UNet, or none.
    """
    known = inspect.signature(ControlNetModel.__init__).parameters
    config = {key: value for key, value in unet.items() if key in known}
    counts = [_transformers(tensors, f"down_blocks.{place}.") for place in range(len(unet["block_out_channels"]))]
    config["down_block_types"] = ["CrossAttnDownBlock2D" if count else "DownBlock2D" for count in counts]
    middle = _transformers(tensors, "mid_block.")
    config["mid_block_type"] = "UNetMidBlock2DCrossAttn" if middle else "UNetMidBlock2D"
    # Of a block without any, the number says nothing; the middle takes that of the last.
    config["transformer_layers_per_block"] = [*(max(count, 1) for count in counts[:-1]), counts[-1] or middle or 1]
    hint = [key for key in tensors if re.fullmatch(r"controlnet_cond_embedding\.blocks\.\d+\.weight", key)]
    sides = [tensors[f"controlnet_cond_embedding.blocks.{place}.weight"].shape[0] for place in range(0, len(hint), 2)]
    last = tensors["controlnet_cond_embedding.conv_out.weight"].shape[1]
    return {**config, "conditioning_embedding_out_channels": [*sides, last]}


def _transformers(tensors: Mapping[str, Tensor], block: str) -> int:
    """How many transformer blocks lie behind each other in a block's first attention."""
    pattern = re.compile(re.escape(block) + r"attentions\.0\.transformer_blocks\.(\d+)\.")
    return max((int(found[1]) + 1 for key in tensors if (found := pattern.match(key))), default=0)
