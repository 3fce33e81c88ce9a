"""Checkpoints and VAEs in one file: whatever the loader would miss is missed at the import."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from generation.engine.families import CONFIGS
from generation.weightfiles.classify import classify
from generation.weightfiles.safetensors_header import TensorEntry, WeightFileRefused, read_header
from generation.weightfiles.single_files import PUBLISHED_BLOCKS, check_checkpoint, check_vae
from tests.ldm_layout import tiny_single_file, tiny_vae_file
from tests.tiny_weights import tiny_vae

NOT_NEEDED = ("cond_stage_model.model.text_projection",)
"""SD 2.x draws from the states before the projection."""


def refused_without(tensors: dict[str, TensorEntry], key: str, family: str) -> bool:
    try:
        check_checkpoint({name: entry for name, entry in tensors.items() if name != key}, family)
    except WeightFileRefused as refused:
        return refused.code == "incomplete-checkpoint"
    return False


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_every_tensor_of_a_checkpoint_is_needed(family: str) -> None:
    tensors = read_header(tiny_single_file(family)).tensors
    check_checkpoint(tensors, family)
    passed = [key for key in sorted(tensors)[::3] if not refused_without(tensors, key, family)]
    assert set(passed) <= set(NOT_NEEDED)


@pytest.mark.parametrize("layout", ["original", "diffusers"])
def test_every_tensor_of_a_vae_is_needed(layout: str) -> None:
    path = tiny_vae_file(tiny_vae()) if layout == "original" else next(tiny_vae().glob("*.safetensors"))
    tensors = read_header(path).tensors
    check_vae(tensors)
    for key in tensors:
        with pytest.raises(WeightFileRefused):
            check_vae({name: entry for name, entry in tensors.items() if name != key})


@pytest.mark.parametrize("part", ["input_blocks.4.", "output_blocks.", "middle_block.1.", "time_embed."])
def test_half_a_unet_is_refused(part: str) -> None:
    tensors = read_header(tiny_single_file("sd1")).tensors
    kept = {key: entry for key, entry in tensors.items() if f"diffusion_model.{part}" not in key}
    with pytest.raises(WeightFileRefused) as refused:
        check_checkpoint(kept, "sd1")
    assert refused.value.code == "incomplete-checkpoint"


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_the_published_networks_have_these_blocks(family: str) -> None:
    config = json.loads((CONFIGS / family / "unet" / "config.json").read_text())
    layers, down, up = config["layers_per_block"], config["down_block_types"], config["up_block_types"]
    depths = config.get("transformer_layers_per_block", 1)
    depths = depths if isinstance(depths, list) else [depths] * len(down)
    inner = sum(layers * depth for kind, depth in zip(down, depths, strict=True) if "CrossAttn" in kind)
    outer = sum((layers + 1) * depth for kind, depth in zip(up, reversed(depths), strict=True) if "CrossAttn" in kind)
    assert PUBLISHED_BLOCKS[family] == (len(down) * (layers + 1), inner + depths[-1] + outer)


def test_a_distilled_unet_is_told_from_the_published_one() -> None:
    tensors = read_header(tiny_single_file("sd1")).tensors
    stem = tensors["model.diffusion_model.input_blocks.0.0.weight"]
    wide = {
        "model.diffusion_model.input_blocks.0.0.weight": TensorEntry("F16", (320, *stem.shape[1:]), 0, 0),
        "model.diffusion_model.input_blocks.0.0.bias": TensorEntry("F16", (320,), 0, 0),
    }
    with pytest.raises(WeightFileRefused, match="another network"):
        check_checkpoint(tensors | wide, "sd1")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"scaled_fp8": torch.zeros(2)}, "unsupported-quantization"),
        ({"model.diffusion_model.out.2.scale_weight": torch.ones(1)}, "unsupported-quantization"),
        ({"model.diffusion_model.out.2.weight": torch.ones(4, 32, 3, 3, dtype=torch.int32)}, "bad-dtype"),
        ({"model.diffusion_model.out.2.weight": torch.ones(4)}, "bad-shape"),
        (
            {"model.diffusion_model.input_blocks.99999999999999999999.0.op.weight": torch.ones(1)},
            "incomplete-checkpoint",
        ),
    ],
)
def test_what_the_loader_cannot_read_is_refused(more: dict[str, torch.Tensor], code: str, tmp_path: Path) -> None:
    path = tmp_path / "it.safetensors"
    save_file(load_file(tiny_single_file("sd1")) | more, path)
    with pytest.raises(WeightFileRefused) as refused:
        classify(path)
    assert refused.value.code == code


def test_averages_alone_are_told(tmp_path: Path) -> None:
    path = tmp_path / "it.safetensors"
    save_file({"model_ema.diffusion_modelinput_blocks00weight": torch.ones(32, 4, 3, 3)}, path)
    with pytest.raises(WeightFileRefused, match="averages"):
        classify(path)
