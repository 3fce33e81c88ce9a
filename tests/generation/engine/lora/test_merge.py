"""Merged LoRAs against mixed ones: equal where the rank holds the sum, the best of its rank where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel

from generation.engine.lora.file import LoraPair, LoraWeights, read_lora
from generation.engine.lora.merge import merge_loras, merge_metadata
from generation.engine.lora.mixed_batch import MixedLoras
from generation.engine.outcome import WeightsRefused
from generation.engine.renderer import Renderer
from generation.engine.training.tensorfile import write_tensors
from generation.recipes.picture import LoraPick
from generation.weightfiles.classify import read_weightfile
from tests.renders import draw, every_weight, levels_apart, recipe
from tests.tiny_loras import EVERYTHING, random_pairs, write_lora
from tests.tiny_weights import BUNDLED_CHECKPOINT, BUNDLED_LORAS, tiny_checkpoint

WEIGHTS = (0.7, -0.4)


@pytest.fixture(scope="module")
def unet() -> UNet2DConditionModel:
    return UNet2DConditionModel.from_pretrained(tiny_checkpoint("sd1") / "unet", dtype=torch.float32).eval()


@pytest.fixture
def parents(unet: UNet2DConditionModel, tmp_path: Path) -> list[tuple[LoraWeights, float]]:
    """Two files of different tools and ranks over every layer, convolutions too, one with an alpha."""
    first = write_lora(tmp_path / "a.safetensors", "kohya", unet=random_pairs(unet, EVERYTHING, rank=4, alpha=2.0))
    second = write_lora(tmp_path / "b.safetensors", "diffusers", unet=random_pairs(unet, EVERYTHING, rank=3, seed=1))
    return [(read_lora(path), weight) for path, weight in zip((first, second), WEIGHTS, strict=True)]


def output(
    unet: UNet2DConditionModel, loras: dict[str, LoraWeights], adapters: Sequence[tuple[str, float]]
) -> torch.Tensor:
    mixed = MixedLoras(unet)
    for key, weights in loras.items():
        mixed.add(key, weights.unet)
    noise, text = torch.randn(1, 4, 8, 8, generator=torch.manual_seed(1)), torch.ones(1, 6, 768)
    with torch.no_grad(), mixed.rows([adapters]):
        sample: torch.Tensor = unet(noise, 500, text).sample
    return sample


def through_file(path: Path, parents: Sequence[tuple[LoraWeights, float]], rank: int) -> LoraWeights:
    merged = merge_loras(parents, rank)
    write_tensors(path, merged.tensors, merge_metadata("m", "sd_v1", merged.rank, [{"sha256": "x"}]))
    return read_lora(path)


def test_merged_equals_mixed(
    unet: UNet2DConditionModel, parents: list[tuple[LoraWeights, float]], tmp_path: Path
) -> None:
    merged = through_file(tmp_path / "m.safetensors", parents, 7)
    both = {"a": parents[0][0], "b": parents[1][0], "m": merged}
    plain = output(unet, both, [])
    mixed = output(unet, both, [("a", WEIGHTS[0]), ("b", WEIGHTS[1])])
    assert (mixed - plain).abs().max() > 0.01, "the LoRAs change something"
    torch.testing.assert_close(output(unet, both, [("m", 1.0)]), mixed, rtol=1e-4, atol=1e-4)


def test_the_file_is_an_ordinary_lora(parents: list[tuple[LoraWeights, float]], tmp_path: Path) -> None:
    through_file(tmp_path / "m.safetensors", parents, 7)
    found = read_weightfile(tmp_path / "m.safetensors")
    assert (found.kind, found.family, found.rank, found.title) == ("lora", "sd1", 7, "m")
    assert "tempera_parents" in found.metadata
    again = tmp_path / "again.safetensors"
    through_file(again, parents, 7)
    assert again.read_bytes() == (tmp_path / "m.safetensors").read_bytes()


def test_a_small_rank_is_the_best_of_its_size(parents: list[tuple[LoraWeights, float]], tmp_path: Path) -> None:
    merged = through_file(tmp_path / "m.safetensors", parents, 2)
    for name, pair in merged.unet.items():
        whole = sum((delta(weights.unet[name]) * weight for weights, weight in parents), torch.zeros(()))
        sizes = torch.linalg.svdvals(whole.double())
        assert pair.rank == 2
        error = torch.linalg.norm(whole.double() - delta(pair).double())
        torch.testing.assert_close(error, sizes[2:].norm(), rtol=1e-3, atol=1e-5)


def test_kept_says_how_much_is_held(parents: list[tuple[LoraWeights, float]]) -> None:
    shares = [merge_loras(parents, rank).kept for rank in (1, 3, 7)]
    assert 0 < shares[0] < shares[1] < shares[2] == pytest.approx(1, abs=1e-6)


def delta(pair: LoraPair) -> torch.Tensor:
    return pair.scale * pair.up.flatten(1) @ pair.down.flatten(1)


def test_both_text_encoders_are_merged(tmp_path: Path) -> None:
    pair = LoraPair(torch.randn(2, 8), torch.randn(8, 2), 1.0)
    weights = LoraWeights({"mid_block_attentions_0_proj_in": pair}, ({"encoder_layers_0_mlp_fc1": pair},) * 2)
    merged = merge_loras([(weights, 1.0), (weights, 0.5)], 2)
    write_tensors(tmp_path / "m.safetensors", merged.tensors, {})
    read = read_lora(tmp_path / "m.safetensors")
    for pairs in (read.unet, *read.text_encoders):
        assert len(pairs) == 1
        torch.testing.assert_close(delta(next(iter(pairs.values()))), 1.5 * delta(pair), rtol=1e-4, atol=1e-5)


def test_what_cannot_be_merged_says_why() -> None:
    one = LoraWeights({"x": LoraPair(torch.randn(2, 8), torch.randn(8, 2), 1.0)}, ({}, {}))
    other = LoraWeights({"x": LoraPair(torch.randn(2, 9), torch.randn(8, 2), 1.0)}, ({}, {}))
    with pytest.raises(WeightsRefused, match="“x” has different sizes"):
        merge_loras([(one, 1.0), (other, 1.0)], 4)
    with pytest.raises(WeightsRefused, match="Nothing is left"):
        merge_loras([(one, 1.0), (one, -1.0)], 4)


def test_diffusers_loads_it(tmp_path: Path) -> None:
    parents = [(read_lora(path, dtype=torch.float32), 0.5) for path in BUNDLED_LORAS]
    merged = merge_loras(parents, 64)
    write_tensors(tmp_path / "m.safetensors", merged.tensors, {})
    pipe = StableDiffusionPipeline.from_pretrained(BUNDLED_CHECKPOINT, dtype=torch.float32, use_safetensors=True)
    pipe.load_lora_weights(tmp_path, weight_name="m.safetensors")
    loaded = [name for name, _ in pipe.unet.named_parameters() if "lora_B" in name]
    assert len(loaded) == sum(key.startswith("lora_unet") and key.endswith("up.weight") for key in merged.tensors)


def test_the_same_picture_comes_of_it(tmp_path: Path) -> None:
    parents = [(read_lora(path, dtype=torch.float32), 0.5) for path in BUNDLED_LORAS]
    write_tensors(tmp_path / "m.safetensors", merge_loras(parents, 128).tensors, {})
    weights = every_weight()
    weights._paths["m"] = tmp_path / "m.safetensors"
    renderer = Renderer(weights, threads=1)
    both = tuple(LoraPick(path.stem, 0.5, sha256=path.stem) for path in BUNDLED_LORAS)
    mixed, _ = draw(renderer, recipe("mini", loras=both, width=128, height=128))
    merged, _ = draw(renderer, recipe("mini", loras=(LoraPick("m", 1.0, sha256="m"),), width=128, height=128))
    plain, _ = draw(renderer, recipe("mini", width=128, height=128))
    renderer.close()
    assert levels_apart(mixed, merged)[0] <= 2 and levels_apart(mixed, plain)[0] > 50
