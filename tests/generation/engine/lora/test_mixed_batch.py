"""LoRAs mixed in one batch: each row as if it were alone with its own, and a network that is untouched by it."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor, nn

from generation.engine.lora import mixed_batch as loras_module
from generation.engine.lora.file import LoraPair
from generation.engine.lora.mixed_batch import LoraCache, MixedLoras
from generation.engine.lora.on_cpu import CpuLayer
from generation.engine.lora.on_gpu import GpuLayer
from generation.engine.lora.row_adapters import FORWARDS_KEPT
from generation.engine.outcome import WeightsRefused
from generation.engine.weightsource import FolderWeights
from generation.weightfiles.lora_keys import flatten
from tests.tiny_loras import ATTENTION, EVERYTHING, random_pairs, write_lora
from tests.tiny_weights import UNETS, tiny_checkpoint

CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-5}
RowAdapters = list[tuple[str, float]]
ROWS: list[RowAdapters] = [
    [("a", 1.0)],
    [],
    [("a", -0.4), ("b", 0.25)],
    [("b", 2.0), ("c", 0.5), ("a", 0.3)],
    [("c", 1.0)],
]
MIXES = {
    "all different": ROWS,
    "guidance pairs": [row for row in ROWS for _ in range(2)],
    "uneven runs": [ROWS[0], ROWS[0], ROWS[0], ROWS[1], ROWS[2]],
    "one set": [ROWS[3]] * 4,
    "nobody but one": [[], [], [("c", 0.7)], []],
}


@pytest.fixture(scope="module")
def unet() -> UNet2DConditionModel:
    return UNet2DConditionModel.from_pretrained(tiny_checkpoint("sd1") / "unet", dtype=torch.float32).eval()


@pytest.fixture(params=["low rank", "merged", "stacked"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The three arithmetics: a CPU's without and with memory for merged weights, and a GPU's."""
    if request.param == "stacked":
        monkeypatch.setattr(loras_module, "CpuLayer", as_on_gpu)
    monkeypatch.setattr(loras_module, "MERGED_PER_PASS", 10**9)
    yield request.param


def as_on_gpu(name: str, layer: Any, rows: Any, pairs: Any, merged: Any) -> GpuLayer:
    return GpuLayer(layer, rows, pairs)


def mixed(network: nn.Module, way: str = "merged", matching: str = EVERYTHING) -> MixedLoras:
    """LoRAs a, b and c of ranks 4, 2 and 7 on the network."""
    loras = MixedLoras(network, merged_bytes=0 if way == "low rank" else 10**9)
    for seed, (key, rank) in enumerate({"a": 4, "b": 2, "c": 7}.items()):
        loras.add(key, fitted(random_pairs(network, matching, rank=rank, seed=seed)))
    return loras


def fitted(pairs: Any) -> dict[str, LoraPair]:
    return {flatten(name): LoraPair(pair.down, pair.up, 0.5) for name, pair in pairs.items()}


@torch.inference_mode()
def predict(unet: Any, rows: Sequence[int]) -> Tensor:
    """Row i of the batch is always the same sample, whatever the batch's size."""
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn(20, 4, 8, 8, generator=generator)[list(rows)]
    text = torch.randn(20, 6, 768, generator=generator)[list(rows)]
    return unet(sample, torch.arange(20)[list(rows)] * 40, text, return_dict=False)[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES.keys())
def test_each_row_is_as_if_alone_with_its_own_loras(unet: Any, way: str, mix: list[RowAdapters]) -> None:
    loras = mixed(unet, way)
    with loras.rows(mix):
        together = predict(unet, range(len(mix)))
        again = predict(unet, range(len(mix)))
    torch.testing.assert_close(together, again, **CLOSE)
    for index, adapters in enumerate(mix):
        torch.testing.assert_close(together[[index]], alone(unet, adapters, index), **CLOSE)


def alone(unet: Any, adapters: RowAdapters, index: int) -> Tensor:
    """One row through a copy of the network whose weights really have the LoRAs added."""
    copy = UNet2DConditionModel(**UNETS["sd1"]).eval()
    weights = {name: weight.clone() for name, weight in unet.state_dict().items()}
    loras = mixed(copy, "low rank")
    layers = {flatten(name): f"{name}.weight" for name, _ in copy.named_modules()}
    for key, weight in adapters:
        for name, pair in loras._resident[key].items():
            product = pair.up.flatten(1) @ pair.down.flatten(1) * (pair.scale * weight)
            weights[layers[name]] += product.view_as(weights[layers[name]])
    copy.load_state_dict(weights)
    return predict(copy, [index])


def test_low_rank_rows_that_pick_nothing_are_equal_to_the_bit(unet: Any) -> None:
    base = predict(unet, range(5))
    loras = mixed(unet, "low rank")
    with loras.rows(ROWS):
        assert torch.equal(predict(unet, range(5))[1], base[1])


def test_weight_zero_and_nobody_picking_are_the_plain_network(unet: Any, way: str) -> None:
    base = predict(unet, range(3))
    loras = mixed(unet, way)
    plain: list[list[list[tuple[str, float]]]] = [
        [[], [], []],
        [[("a", 0.0)], [], [("b", 0.0), ("c", 0.0)]],
        [[("a", 0.5), ("a", -0.5)], [], []],
    ]
    for rows in plain:
        with loras.rows(rows):
            assert torch.equal(predict(unet, range(3)), base)


def test_the_network_is_untouched_before_during_and_after(unet: Any, way: str) -> None:
    weights = {name: weight.clone() for name, weight in unet.state_dict().items()}
    base = predict(unet, range(5))
    loras = mixed(unet, way)
    assert torch.equal(predict(unet, range(5)), base)
    with loras.rows(ROWS):
        assert not torch.equal(predict(unet, range(5)), base)
    assert torch.equal(predict(unet, range(5)), base)
    assert all(torch.equal(weight, weights[name]) for name, weight in unet.state_dict().items())
    assert not any("forward" in module.__dict__ for module in unet.modules())


def test_a_failing_batch_leaves_the_network_plain(unet: Any) -> None:
    loras = mixed(unet)
    with pytest.raises(RuntimeError, match="shape"), loras.rows(ROWS):
        predict(unet, range(3))
    assert not any("forward" in module.__dict__ for module in unet.modules())


def test_packing_is_spread_over_calls_and_changes_nothing_but_rounding(
    unet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loras_module, "MERGED_PER_PASS", 500_000)
    loras = mixed(unet)
    held, outputs = [], []
    for _ in range(16):
        with loras.rows(ROWS):
            outputs.append(predict(unet, range(5)))
        held.append(loras._merged.held.used)
    assert 0 < held[0] < held[2] < held[-1] == held[-2] and held[0] < held[-1] / 3
    for output in outputs:
        torch.testing.assert_close(output, outputs[0], **CLOSE)


def test_one_lone_request_is_equal_to_the_bit_whenever_it_comes(unet: Any) -> None:
    fresh, used = mixed(unet), mixed(unet)
    with fresh.rows([ROWS[2]] * 2):
        first = predict(unet, range(2))
    for _ in range(3):
        with used.rows(MIXES["guidance pairs"]):
            predict(unet, range(10))
    with used.rows([ROWS[2]] * 2):
        assert torch.equal(predict(unet, range(2)), first)


def test_merged_weights_stay_within_their_budget(unet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loras_module, "MERGED_PER_PASS", 10**9)
    targeted = sum(layer.weight.nbytes for layer in mixed(unet)._layers.values())
    loras = MixedLoras(unet, merged_bytes=2 * targeted)
    loras.add("a", fitted(random_pairs(unet, EVERYTHING)))
    for weight in range(1, 9):
        with loras.rows([[("a", weight / 10)]] * 2):
            predict(unet, range(2))
        assert loras._merged.held.used <= 2 * targeted
    loras.discard("a")
    assert loras._merged.held.used == 0


@pytest.mark.parametrize("adapters", [ROWS[:1] * 2, ROWS[:2]], ids=["alike", "mixed"])
def test_many_sizes_of_picture_hold_no_more_than_the_newest(
    unet: Any, way: str, adapters: list[RowAdapters], monkeypatch: pytest.MonkeyPatch
) -> None:
    loras = mixed(unet, way)
    layer = loras._layers["down_blocks_0_resnets_0_conv1"]
    channels, made = layer.weight.shape[1], []

    def remembering(make: Any) -> Any:
        def made_by(self: Any, states: Tensor) -> Any:
            forward = make(self, states)
            made.append(weakref.ref(forward))
            return forward

        return made_by

    monkeypatch.setattr(CpuLayer, "_make", remembering(CpuLayer._make))
    monkeypatch.setattr(GpuLayer, "_choose", remembering(GpuLayer._choose))
    loras._merged.held.budget = min(loras._merged.held.budget, layer.weight.nbytes)
    with loras.rows(adapters), torch.inference_mode():
        loras._merged.allowance = 10**9
        for size in range(4, 24):
            layer(torch.zeros(2, channels, size, size))
    gc.collect()
    assert len(made) == 20 and sum(forward() is not None for forward in made) <= FORWARDS_KEPT + 1


def test_a_discarded_lora_can_be_added_anew_with_other_weights(unet: Any, way: str) -> None:
    loras = mixed(unet, way)
    with loras.rows([[("a", 1.0)]] * 2):
        before = predict(unet, range(2))
    loras.discard("a")
    assert "a" not in loras
    loras.discard("a")
    with pytest.raises(KeyError), loras.rows([[("a", 1.0)]] * 2):
        pass
    loras.add("a", fitted(random_pairs(unet, ATTENTION, seed=9)))
    with loras.rows([[("a", 1.0)]] * 2):
        assert not torch.allclose(predict(unet, range(2)), before, atol=1e-3)


@pytest.mark.parametrize(
    "pair",
    [
        ("down_blocks_7_resnets_0_conv1", LoraPair(torch.ones(4, 32, 3, 3), torch.ones(32, 4, 1, 1), 1.0)),
        ("conv_in", LoraPair(torch.ones(4, 9, 3, 3), torch.ones(32, 4, 1, 1), 1.0)),
        ("conv_in", LoraPair(torch.ones(4, 4, 3, 3), torch.ones(64, 4, 1, 1), 1.0)),
        ("time_embedding_linear_1", LoraPair(torch.ones(4, 32, 3, 3), torch.ones(128, 4, 1, 1), 1.0)),
    ],
)
def test_a_lora_of_another_family_is_refused_and_adds_nothing(unet: Any, pair: tuple[str, LoraPair]) -> None:
    loras = MixedLoras(unet)
    with pytest.raises(WeightsRefused) as refused:
        loras.add("it", dict([pair]))
    assert refused.value.code == "other-family"
    assert "it" not in loras


def test_squares_and_lines_are_taken_for_each_other(unet: Any) -> None:
    """SD 1.x has 1x1 convolutions where SD 2.x has linear layers; files write either shape."""
    name = "down_blocks_0_attentions_0_proj_in"
    pair = LoraPair(torch.randn(4, 32), torch.randn(32, 4), 1.0)
    square = LoraPair(pair.down[:, :, None, None], pair.up[:, :, None, None], 1.0)
    loras = MixedLoras(unet)
    loras.add("line", {name: pair})
    loras.add("square", {name: square})
    with loras.rows([[("line", 1.0)]] * 2):
        line = predict(unet, range(2))
    with loras.rows([[("square", 1.0)]] * 2):
        assert torch.equal(predict(unet, range(2)), line)


def test_loras_come_and_go_while_others_denoise(unet: Any) -> None:
    loras = mixed(unet)
    expected = predict_with(loras, unet)
    stop, failures = threading.Event(), []

    def churn() -> None:
        pairs = fitted(random_pairs(unet, ATTENTION, seed=4))
        while not stop.is_set():
            loras.add("passing", pairs)
            loras.discard("passing")

    thread = threading.Thread(target=churn)
    thread.start()
    for _ in range(6):
        if not torch.allclose(predict_with(loras, unet), expected, **CLOSE):
            failures.append("changed")
    stop.set()
    thread.join()
    assert not failures


def predict_with(loras: MixedLoras, unet: Any) -> Tensor:
    with loras.rows(ROWS):
        return predict(unet, range(5))


def test_clearing_lets_go_of_the_network() -> None:
    network = UNet2DConditionModel(**UNETS["sd1"]).eval()
    loras, gone = mixed(network), weakref.ref(network)
    predict_with(loras, network)
    loras.clear()
    del network
    gc.collect()
    assert gone() is None


@pytest.fixture
def files(tmp_path: Path, unet: Any) -> list[Path]:
    return [
        write_lora(tmp_path / f"lora{seed}.safetensors", "kohya", unet=random_pairs(unet, seed=seed))
        for seed in range(3)
    ]


def test_the_cache_forgets_the_least_recently_used(files: list[Path]) -> None:
    source = FolderWeights({path.stem: path for path in files})
    size = LoraCache(source, 10**9).get("lora0").size_bytes
    cache = LoraCache(source, 2 * size, dtype=torch.float32)
    first, second = cache.get("lora0"), cache.get("lora1")
    assert cache.get("lora0") is first
    cache.get("lora2")
    assert cache.held_bytes == 2 * size
    assert cache.get("lora0") is first
    assert cache.get("lora1") is not second


def test_a_lora_larger_than_the_budget_is_still_given(files: list[Path]) -> None:
    cache = LoraCache(FolderWeights({"it": files[0]}), 1)
    assert cache.get("it").unet


def test_missing_and_changed_files_are_refused(files: list[Path]) -> None:
    source = FolderWeights.of(files[0])
    (sha256,) = source._paths
    assert LoraCache(source, 10**9).get(sha256).unet
    save_file({"lora_unet_conv_in.alpha": torch.ones(1)}, files[0])
    codes = []
    for key in (sha256, "f" * 64):
        with pytest.raises(WeightsRefused) as refused:
            LoraCache(source, 10**9).get(key)
        codes.append(refused.value.code)
    files[0].unlink()
    with pytest.raises(WeightsRefused) as refused:
        LoraCache(source, 10**9).get(sha256)
    assert [*codes, refused.value.code] == ["changed-weights", "missing-weights", "missing-weights"]
