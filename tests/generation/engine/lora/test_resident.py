"""LoRAs on UNets stay while they are picked, leave by use beyond the budget, and never keep a checkpoint in memory."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
from diffusers import UNet2DConditionModel

from generation.engine.loading.checkpoints import FolderWeights
from generation.engine.lora.mixed_batch import LoraCache, MixedLoras
from generation.engine.lora.resident import ResidentLoras
from generation.engine.outcome import WeightsRefused
from generation.engine.renderer import Renderer
from generation.recipes.picture import LoraPick
from tests.renders import allow_numpy_copies, checkpoint_folder, draw, recipe
from tests.tiny_loras import random_pairs, write_lora
from tests.tiny_weights import tiny_checkpoint

pytestmark = allow_numpy_copies

NAMES = ("a", "b", "c")


@pytest.fixture(scope="module")
def unet() -> UNet2DConditionModel:
    return UNet2DConditionModel.from_pretrained(tiny_checkpoint("sd1") / "unet", dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def weights(unet: UNet2DConditionModel, tmp_path_factory: pytest.TempPathFactory) -> FolderWeights:
    folder = tmp_path_factory.mktemp("loras")
    loras = {
        name: write_lora(folder / f"{name}.safetensors", "kohya", unet=random_pairs(unet, seed=seed))
        for seed, name in enumerate(NAMES)
    }
    checkpoints = {f"sd1-{seed}": tiny_checkpoint("sd1", seed) for seed in range(3)}
    return FolderWeights({**loras, **checkpoints, "sd2": checkpoint_folder("sd2")})


def picks(*names: str, weight: float = 1.0) -> tuple[LoraPick, ...]:
    return tuple(LoraPick(name, weight, sha256=name) for name in names)


def resident(loras: MixedLoras) -> set[str]:
    return {name for name in NAMES if name in loras}


def test_a_lora_is_ready_while_it_is_picked_and_stays_warm(unet: UNet2DConditionModel, weights: FolderWeights) -> None:
    loras, residents = MixedLoras(unet), ResidentLoras(LoraCache(weights, 10**9), 10**9)
    with residents.lease(loras, picks("a", "b", "a")):
        assert resident(loras) == {"a", "b"}
    assert resident(loras) == {"a", "b"}


def test_weight_zero_is_no_pick(unet: UNet2DConditionModel, weights: FolderWeights) -> None:
    loras = MixedLoras(unet)
    with ResidentLoras(LoraCache(weights, 10**9), 10**9).lease(loras, picks("a", "nowhere", weight=0.0)):
        assert resident(loras) == set()


def test_beyond_the_budget_the_least_recently_used_leaves(unet: UNet2DConditionModel, weights: FolderWeights) -> None:
    cache, loras = LoraCache(weights, 10**9), MixedLoras(unet)
    one = sum(pair.size_bytes for pair in cache.get("a").unet.values())
    residents = ResidentLoras(cache, 2 * one)
    for name in ("a", "b", "a", "c"):
        with residents.lease(loras, picks(name)):
            pass
    assert resident(loras) == {"a", "c"}


def test_all_checkpoints_share_one_budget(weights: FolderWeights) -> None:
    cache = LoraCache(weights, 10**9)
    one = sum(pair.size_bytes for pair in cache.get("a").unet.values())
    first, second = (
        MixedLoras(UNet2DConditionModel.from_pretrained(tiny_checkpoint("sd1") / "unet", dtype=torch.float32))
        for _ in range(2)
    )
    residents = ResidentLoras(cache, 2 * one)
    for loras, name in ((first, "a"), (second, "a"), (second, "b")):
        with residents.lease(loras, picks(name)):
            pass
    assert (resident(first), resident(second), residents.held_bytes) == (set(), {"a", "b"}, 2 * one)


def test_a_checkpoint_that_leaves_gives_its_share_back(weights: FolderWeights) -> None:
    cache = LoraCache(weights, 10**9)
    residents = ResidentLoras(cache, 10**9)
    renderer = Renderer(weights, device="cpu", threads=1)
    with renderer._checkpoints.lease("sd1-0") as checkpoint, residents.lease(checkpoint.unet_loras, picks("a", "b")):
        assert residents.held_bytes > 0
    renderer._checkpoints.clear()
    assert residents.held_bytes == 0, "its networks may live a little longer; its LoRAs are gone"
    del checkpoint
    renderer.close()


def test_what_somebody_picks_never_leaves(unet: UNet2DConditionModel, weights: FolderWeights) -> None:
    loras, residents = MixedLoras(unet), ResidentLoras(LoraCache(weights, 10**9), 0)
    with residents.lease(loras, picks("a")):
        with residents.lease(loras, picks("b", "a")):
            pass
        assert resident(loras) == {"a"}
    assert resident(loras) == set()


def test_a_refused_lora_leaves_the_others_as_they_were(unet: UNet2DConditionModel, weights: FolderWeights) -> None:
    loras, residents = MixedLoras(unet), ResidentLoras(LoraCache(weights, 10**9), 0)
    with pytest.raises(WeightsRefused), residents.lease(loras, picks("a", "sd2")):
        pytest.fail("a checkpoint is no LoRA")
    assert resident(loras) == set()


def test_a_switch_of_checkpoints_frees_the_old_one_with_its_loras(weights: FolderWeights) -> None:
    renderer = Renderer(weights, device="cpu", threads=1, checkpoint_budget_bytes=1)
    alive: list[weakref.ref[object]] = []
    for seed in (0, 1, 2, 0):
        with renderer._checkpoints.lease(f"sd1-{seed}") as checkpoint:
            networks = checkpoint.unet, checkpoint.vae, checkpoint.text_encoders[0]
            alive += [weakref.ref(network) for network in networks]
            draw(renderer, recipe(f"sd1-{seed}", loras=picks("a", "b", weight=0.5)))
        del checkpoint, networks
    gc.collect()
    left = [reference for reference in alive if reference() is not None]
    renderer.close()
    assert left == []
