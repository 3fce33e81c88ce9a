"""The LoRA's file: names that A1111 and kohya know, an alpha for each module, metadata that says how it was made."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from generation.engine.families import FAMILIES
from generation.engine.lora.file import LoraPair, read_lora
from generation.engine.training.lora_file import describe, write_lora
from generation.recipes.training import TrainingRecipe
from tests.tiny_loras import random_pairs
from tests.tiny_weights import UNETS

# The names that A1111's extension knows how to translate into those of the original layout.
A1111_NAMES = re.compile(
    r"lora_unet_(down_blocks_\d+|mid_block|up_blocks_\d+)_(attentions|resnets)_\d+_\w+"
    r"|lora_unet_down_blocks_\d+_downsamplers_0_conv|lora_unet_up_blocks_\d+_upsamplers_0_conv"
    r"|lora_te_text_model_encoder_layers_\d+_(self_attn_(q|k|v|out)_proj|mlp_fc[12])"
)


def some_recipe() -> TrainingRecipe:
    return TrainingRecipe(
        checkpoint="emoji", checkpoint_sha256="ab" * 32, trigger="noto", rank=4, alpha=2.0, learning_rate=5e-4, seed=3
    )


def written(path: Path, family: str = "sd1") -> Path:
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel(**UNETS[family])
    pairs = {(0, name): LoraPair(one.down, one.up, 0.5) for name, one in random_pairs(unet, r"attn|resnets").items()}
    write_lora(path, FAMILIES[family], pairs, describe(some_recipe(), FAMILIES[family], ["a cat, noto"], "cd" * 32, 7))
    return path


def test_our_engine_reads_back_what_was_written(tmp_path: Path) -> None:
    weights = read_lora(written(tmp_path / "one.safetensors"))
    assert len(weights.unet) > 10
    assert {pair.scale for pair in weights.unet.values()} == {0.5}
    assert {pair.rank for pair in weights.unet.values()} == {4}


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_every_name_is_one_that_a1111_maps(tmp_path: Path, family: str) -> None:
    names = load_file(written(tmp_path / "x.safetensors", family))
    modules = {name.rsplit(".lora_", 1)[0] for name in names if ".lora_" in name}
    assert modules and all(A1111_NAMES.fullmatch(name) for name in modules)


def test_names_are_the_flattened_ones_of_diffusers(tmp_path: Path) -> None:
    names = set(load_file(written(tmp_path / "x.safetensors")))
    module = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    assert {f"{module}.lora_down.weight", f"{module}.lora_up.weight", f"{module}.alpha"} <= names


def test_the_metadata_says_how_it_was_made(tmp_path: Path) -> None:
    with safe_open(written(tmp_path / "x.safetensors"), framework="pt") as file:
        said = file.metadata()
    assert said["ss_new_sd_model_hash"] == "ab" * 32 and said["tempera_dataset_sha256"] == "cd" * 32
    assert said["modelspec.trigger_phrase"] == "noto" and said["modelspec.architecture"] == "stable-diffusion-v1/lora"
    assert (said["ss_network_dim"], said["ss_network_alpha"], said["ss_steps"], said["ss_seed"]) == (
        "4",
        "2.0",
        "7",
        "3",
    )
    assert json.loads(said["ss_tag_frequency"]) == {"pictures": {"a cat": 1, "noto": 1}}
    assert TrainingRecipe.from_json(json.loads(said["tempera_training_recipe"])) == some_recipe()


def test_equal_contents_give_equal_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    pairs = {(0, "mid_block.attentions.0.proj_in"): LoraPair(torch.ones(2, 3), torch.ones(3, 2), 1.0)}
    metadata = describe(some_recipe(), FAMILIES["sd1"], [], "", 1)
    write_lora(path, FAMILIES["sd1"], pairs, metadata)
    first = path.read_bytes()
    write_lora(path, FAMILIES["sd1"], pairs, dict(reversed(metadata.items())))
    assert path.read_bytes() == first
    assert [found.name for found in tmp_path.iterdir()] == ["x.safetensors"], "no half-written neighbour is left"
