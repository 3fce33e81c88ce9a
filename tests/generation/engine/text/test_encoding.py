"""The text encoders' LoRAs, the cache of encoded texts, and many threads at one checkpoint."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from generation.engine.loading.checkpoints import CheckpointCache, FolderWeights, LoadedCheckpoint
from generation.engine.lora.mixed_batch import LoraCache
from generation.engine.outcome import WeightsRefused
from generation.engine.text.cache import memory_of
from generation.engine.text.conditioning import Conditioner
from generation.recipes.picture import LoraPick, Recipe
from tests.encoded_by_hand import Lease, encode, families, positive
from tests.tiny_weights import tiny_checkpoint

PLACE = "encoder_layers_0_self_attn_q_proj"


@pytest.fixture(scope="module")
def lease() -> Iterator[Lease]:
    """Each family's checkpoint, loaded once for this file."""
    yield from families()


def kohya_file(path: Path, width: int = 768, prefix: str = "lora_te", seed: int = 1) -> Path:
    random = torch.Generator().manual_seed(seed)
    name = f"{prefix}_text_model_{PLACE}"
    tensors = {
        f"{name}.lora_down.weight": torch.randn(4, width, generator=random) * 0.3,
        f"{name}.lora_up.weight": torch.randn(width, 4, generator=random) * 0.3,
        f"{name}.alpha": torch.tensor(2.0),
    }
    save_file(tensors, path)
    return path


def merged_states(checkpoint: LoadedCheckpoint, text: str, weight: float, number: int = 0, seed: int = 1) -> Any:
    """The output of a copy of the encoder with the LoRA of `kohya_file` added to its weights."""
    encoder = copy.deepcopy(checkpoint.text_encoders[number])
    random = torch.Generator().manual_seed(seed)
    layer = encoder.get_submodule(("text_model." if number else "") + "encoder.layers.0.self_attn.q_proj")
    width = layer.weight.shape[0]
    down, up = torch.randn(4, width, generator=random) * 0.3, torch.randn(width, 4, generator=random) * 0.3
    layer.weight += weight * (2.0 / 4) * (up @ down)
    tokenizer = checkpoint.tokenizers[number]
    ids = tokenizer(text, padding="max_length", max_length=77, return_tensors="pt").input_ids
    with torch.no_grad():
        return encoder(ids, output_hidden_states=True)


@pytest.mark.parametrize(
    ("pick", "weight"),
    [
        (LoraPick("x", 0.8, sha256="x"), 0.8),
        (LoraPick("x", 0.8, text_weight=-0.5, sha256="x"), -0.5),
        (LoraPick("x", 0, text_weight=1.5, sha256="x"), 1.5),
    ],
)
def test_a_lora_changes_both_prompts_by_its_text_weight(
    lease: Lease, tmp_path: Path, pick: LoraPick, weight: float
) -> None:
    checkpoint = lease("sd1")
    found = encode(checkpoint, Recipe("red cat", "dog", loras=(pick,)), x=kohya_file(tmp_path / "x.safetensors")).at(0)
    assert found.negative is not None
    torch.testing.assert_close(found.positive[0][0], merged_states(checkpoint, "red cat", weight).last_hidden_state[0])
    torch.testing.assert_close(found.negative, merged_states(checkpoint, "dog", weight).last_hidden_state[0])
    assert not torch.allclose(found.positive[0][0], positive(checkpoint, "red cat"), atol=1e-3)


@pytest.mark.parametrize("pick", [LoraPick("x", 0, sha256="x"), LoraPick("x", 1, text_weight=0, sha256="x")])
def test_a_text_weight_of_zero_changes_no_bit(lease: Lease, tmp_path: Path, pick: LoraPick) -> None:
    found = encode(lease("sd1"), Recipe("red cat", loras=(pick,)), x=kohya_file(tmp_path / "x.safetensors"))
    assert torch.equal(found.at(0).positive[0][0], positive(lease("sd1"), "red cat"))


def test_several_loras_add_up_and_leave_the_encoder_as_it_was(lease: Lease, tmp_path: Path) -> None:
    checkpoint = lease("sd1")
    before = positive(checkpoint, "blue house")
    files: dict[str, Any] = {name: kohya_file(tmp_path / f"{name}.safetensors", seed=1) for name in ("x", "y")}
    picks = (LoraPick("x", 0.5, sha256="x"), LoraPick("y", 0.25, sha256="y"))
    found = encode(checkpoint, Recipe("red cat", loras=picks), **files).at(0).positive[0][0]
    torch.testing.assert_close(found, merged_states(checkpoint, "red cat", 0.75).last_hidden_state[0])
    assert torch.equal(positive(checkpoint, "blue house "), before)


def test_sdxl_loras_reach_the_encoder_they_name(lease: Lease, tmp_path: Path) -> None:
    checkpoint = lease("sdxl")
    path = kohya_file(tmp_path / "g.safetensors", width=1280, prefix="lora_te2")
    found = encode(checkpoint, Recipe("red cat", loras=(LoraPick("g", 1, sha256="g"),)), g=path).at(0)
    plain = positive(checkpoint, "red cat")
    changed = merged_states(checkpoint, "red cat", 1, number=1)
    assert found.pooled_positive is not None
    assert torch.equal(found.positive[0][0][:, :768], plain[:, :768])
    torch.testing.assert_close(found.positive[0][0][:, 768:], changed.hidden_states[-2][0])
    torch.testing.assert_close(found.pooled_positive[0], changed.text_embeds[0])


def test_a_lora_for_an_encoder_that_is_not_there_is_refused(lease: Lease, tmp_path: Path) -> None:
    path = kohya_file(tmp_path / "g.safetensors", width=1280, prefix="lora_te2")
    with pytest.raises(WeightsRefused, match="“big” changes a text encoder that this checkpoint does not have"):
        encode(lease("sd1"), Recipe("cat", loras=(LoraPick("big", 1, sha256="g"),)), g=path)


class Counted:
    """How often a text encoder ran inside the block."""

    def __init__(self, checkpoint: LoadedCheckpoint) -> None:
        self.encoder = checkpoint.text_encoders[0]
        self.runs = 0

    def __enter__(self) -> Counted:
        self.hook = self.encoder.register_forward_hook(self.count)
        return self

    def __exit__(self, *exception: object) -> None:
        self.hook.remove()

    def count(self, *call: object) -> None:
        self.runs += 1


def test_the_same_texts_are_encoded_once_whatever_else_the_recipe_says(lease: Lease) -> None:
    checkpoint = lease("sd1")
    recipe = Recipe("a cat under a house", "the worst")
    with Counted(checkpoint) as counted:
        first = encode(checkpoint, recipe)
        assert counted.runs == 2
        again = encode(checkpoint, recipe.replace(seed=7, steps=30, cfg_scale=4, width=768, sampler="DDIM"), 30)
        assert counted.runs == 2
        encode(checkpoint, recipe.replace(prompt="another cat under a house"))
        assert counted.runs == 3
    assert again.at(0).positive[0][0] is first.at(0).positive[0][0]


def test_whatever_changes_an_encoding_has_its_own_place_in_the_cache(lease: Lease, tmp_path: Path) -> None:
    checkpoint = lease("mini")
    files: dict[str, Any] = {
        name: kohya_file(tmp_path / f"{name}.safetensors", width=128, seed=ord(name)) for name in "pq"
    }
    recipe = Recipe("one (red:1.3) cat in the cache", cfg_scale=1)
    changes: list[dict[str, Any]] = [
        {},
        {"clip_skip": 2},
        {"emphasis": "no-norm"},
        {"loras": (LoraPick("p", 0.5, sha256="p"),)},
        {"loras": (LoraPick("p", 0.6, sha256="p"),)},
        {"loras": (LoraPick("p", 0.5, sha256="q"),)},
        {"loras": (LoraPick("p", 0.5, sha256="p"), LoraPick("q", 0.5, sha256="q"))},
    ]
    found = [encode(checkpoint, recipe.replace(**change), **files).at(0).positive[0][0] for change in changes]
    for index, one in enumerate(found):
        assert not any(torch.equal(one, other) for other in found[:index])
    with Counted(checkpoint) as counted:
        repeated = [encode(checkpoint, recipe.replace(**change), **files).at(0).positive[0][0] for change in changes]
    assert counted.runs == 0
    assert all(one is other for one, other in zip(found, repeated, strict=True))


def test_two_checkpoints_do_not_share_encodings() -> None:
    source = FolderWeights({"one": tiny_checkpoint("sd1"), "two": tiny_checkpoint("sd1", seed=1)})
    cache = CheckpointCache(source, budget_bytes=10**9)
    with cache.lease("one") as one, cache.lease("two") as two:
        assert not torch.equal(positive(one, "cat"), positive(two, "cat"))
        assert memory_of(one.text_encoders[0]) is not memory_of(two.text_encoders[0])


def test_threads_with_different_needs_get_what_they_would_get_alone(lease: Lease, tmp_path: Path) -> None:
    """LoRAs, layers and weights of one text must not leak into another's that is encoded at the same time."""
    checkpoint = lease("sd1")
    files: dict[str, Any] = {name: kohya_file(tmp_path / f"{name}.safetensors", seed=ord(name)) for name in "pq"}

    def recipe(round: int, number: int) -> Recipe:
        loras = tuple(LoraPick(name, 0.7, sha256=name) for name in ("", "p", "q", "pq")[number % 4])
        return Recipe(f"{'red ' * round} [cat:dog:5], (house:1.{number})", "car", clip_skip=1 + number % 2, loras=loras)

    recipes = [recipe(1, number) for number in range(8)]
    source = FolderWeights(files)
    loras = LoraCache(source, 10**8)

    def run(recipe: Recipe) -> list[Tensor]:
        found = Conditioner(checkpoint, loras, source).encode(recipe, 10)
        return [found.at(call).positive[0][0] for call in (0, 9)]

    alone = [run(recipe) for recipe in recipes]
    memory = memory_of(checkpoint.text_encoders[0])
    for _ in range(3):
        memory.encoded.clear()
        start = threading.Barrier(8)

        def together(recipe: Recipe, start: threading.Barrier = start) -> list[Tensor]:
            start.wait()
            return run(recipe)

        with ThreadPoolExecutor(8) as pool:
            for expected, found in zip(alone, pool.map(together, recipes), strict=True):
                assert all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))
