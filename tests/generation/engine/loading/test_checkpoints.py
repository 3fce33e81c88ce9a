"""Checkpoints from folders and single files, offline and pickle-free."""

from __future__ import annotations

import json
import shutil
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from generation.engine import families
from generation.engine.loading.checkpoints import CheckpointCache, FolderWeights, serving_dtype
from generation.engine.loading.single_file import predicts_velocity
from generation.engine.outcome import WeightsRefused
from generation.weightfiles.classify import read_weightfile
from tests.ldm_layout import in_one_file, single_file_tensors, tiny_configs, tiny_single_file, tiny_vae_file
from tests.tiny_loras import random_pairs, write_lora
from tests.tiny_weights import BUNDLED_CHECKPOINT, tiny_checkpoint, tiny_vae

GIB = 1024**3
FAMILIES = ("sd1", "sd2", "sdxl")


@pytest.fixture
def tiny_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single files of tiny checkpoints have the true layout; only the sizes in the configs differ."""
    monkeypatch.setattr(families, "CONFIGS", tiny_configs())


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def cache_of(budget_bytes: int = GIB, **paths: Path) -> CheckpointCache:
    return CheckpointCache(FolderWeights(paths), budget_bytes=budget_bytes)


def refusal(path: Path, **more: Any) -> str:
    with pytest.raises(WeightsRefused) as refused, cache_of(it=path, **more).lease("it", "vae" if more else ""):
        pass
    return refused.value.code


def networks(checkpoint: Any) -> tuple[nn.Module, ...]:
    return (checkpoint.unet, checkpoint.vae, *checkpoint.text_encoders)


def test_the_bundled_checkpoint_draws_as_diffusers_does(no_network: None) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(BUNDLED_CHECKPOINT, dtype=torch.float32, local_files_only=True)
    with cache_of(it=BUNDLED_CHECKPOINT).lease("it") as checkpoint:
        parts = (pipeline.unet, pipeline.vae, pipeline.text_encoder)
        for ours, theirs in zip(networks(checkpoint), parts, strict=True):
            weights = ours.state_dict()
            assert all(torch.equal(weights[name], weight) for name, weight in theirs.state_dict().items())
        assert checkpoint.family.key == "mini"
        assert checkpoint.tokenizers[0].model_max_length == 32
        assert checkpoint.scheduler_config["prediction_type"] == "v_prediction"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folder_is_ready_to_draw(family: str, no_network: None) -> None:
    with cache_of(it=tiny_checkpoint(family)).lease("it") as checkpoint:
        assert checkpoint.family.key == family
        assert len(checkpoint.text_encoders) == len(checkpoint.tokenizers) == len(checkpoint.text_loras)
        for network in networks(checkpoint):
            assert not network.training
            assert not any(weight.requires_grad for weight in network.parameters())
            assert {weight.dtype for weight in network.parameters()} == {torch.float32}
        assert checkpoint.scheduler_config["clip_sample"] is False
        parameters = sum(weight.nbytes for network in networks(checkpoint) for weight in network.parameters())
        assert parameters <= checkpoint.size_bytes < 1.01 * parameters


@pytest.mark.parametrize("family", FAMILIES)
def test_a_single_file_is_the_same_checkpoint(family: str, tiny_sizes: None, no_network: None) -> None:
    cache = cache_of(folder=tiny_checkpoint(family), file=tiny_single_file(family))
    with cache.lease("folder") as folder, cache.lease("file") as file:
        for ours, theirs in zip(networks(file), networks(folder), strict=True):
            assert type(ours) is type(theirs)
            weights = ours.state_dict()
            assert weights.keys() == theirs.state_dict().keys()
            assert all(torch.equal(weights[name], weight) for name, weight in theirs.state_dict().items())
        assert file.family is folder.family
        assert file.vae.config.scaling_factor == folder.vae.config.scaling_factor
        assert [tokenizer("a red apple").input_ids for tokenizer in file.tokenizers] == [
            tokenizer("a red apple").input_ids for tokenizer in folder.tokenizers
        ]


@pytest.mark.parametrize("family", FAMILIES)
def test_an_inpainting_checkpoint_in_one_file_is_the_same(family: str, tiny_sizes: None, tmp_path: Path) -> None:
    folder = tiny_checkpoint(family, channels=9)
    path = written(single_file_tensors(folder, family), tmp_path)
    assert read_weightfile(path).inpaints and not read_weightfile(tiny_single_file(family)).inpaints
    with cache_of(it=path).lease("it") as file, cache_of(it=folder).lease("it") as other:
        assert file.unet.config.in_channels == 9
        assert torch.equal(file.unet.conv_in.weight, other.unet.conv_in.weight)
        assert file.scheduler_config["prediction_type"] == "epsilon"


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_a_text_encoder_may_leave_out_a_step_in_its_names(family: str, tiny_sizes: None, tmp_path: Path) -> None:
    """Many old merges have `cond_stage_model.transformer.encoder…` without `text_model.`."""
    tensors = single_file_tensors(tiny_checkpoint(family), family)
    short = {key.replace(".transformer.text_model.", ".transformer."): value for key, value in tensors.items()}
    assert short.keys() != tensors.keys()
    assert_the_same_as_the_folder(written(short, tmp_path), family)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float8_e4m3fn, torch.float8_e5m2])
def test_every_dtype_that_is_imported_loads(dtype: torch.dtype, tiny_sizes: None, tmp_path: Path) -> None:
    tensors = single_file_tensors(tiny_checkpoint("sd1"), "sd1")
    path = written({key: value.to(dtype) for key, value in tensors.items()}, tmp_path)
    with cache_of(it=path).lease("it") as checkpoint:
        stem = checkpoint.unet.conv_in.weight
        assert stem.dtype == torch.float32
        expected = tensors["model.diffusion_model.input_blocks.0.0.weight"].to(dtype).float()
        assert torch.equal(stem.detach(), expected)


def test_what_stands_beside_the_weights_does_no_harm(tiny_sizes: None, tmp_path: Path) -> None:
    beside = {
        "alphas_cumprod": torch.ones(1000, dtype=torch.float64),
        "model_ema.decay": torch.tensor(0.9999),
        "model_ema.num_updates": torch.tensor(7, dtype=torch.int32),
        "model_ema.diffusion_modelinput_blocks00weight": torch.ones(32, 4, 3, 3),
        "cond_stage_model.transformer.text_model.embeddings.position_ids": torch.arange(77)[None],
        "first_stage_model.loss.logvar": torch.ones(1),
    }
    assert_the_same_as_the_folder(written(single_file_tensors(tiny_checkpoint("sd1"), "sd1") | beside, tmp_path), "sd1")


def test_a_vae_file_in_diffusers_names_loads(tiny_sizes: None) -> None:
    vae = next(tiny_vae().glob("*.safetensors"))
    with cache_of(it=tiny_checkpoint("sd1"), vae=vae).lease("it", "vae") as checkpoint:
        expected = load_file(vae)
        assert all(torch.equal(checkpoint.vae.state_dict()[name], weight.float()) for name, weight in expected.items())


def written(tensors: dict[str, Tensor], folder: Path) -> Path:
    """The tensors in one file, which the import takes."""
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "it.safetensors")
    assert read_weightfile(folder / "it.safetensors").kind == "checkpoint"
    return folder / "it.safetensors"


def assert_the_same_as_the_folder(path: Path, family: str) -> None:
    cache = cache_of(folder=tiny_checkpoint(family), file=path)
    with cache.lease("folder") as folder, cache.lease("file") as file:
        for ours, theirs in zip(networks(file), networks(folder), strict=True):
            weights = ours.state_dict()
            assert all(torch.equal(weights[name], weight) for name, weight in theirs.state_dict().items())


@pytest.mark.parametrize(
    ("family", "metadata", "expected"),
    [
        ("sd1", {}, "epsilon"),
        ("sd1", {"modelspec.prediction_type": "v"}, "v_prediction"),
        ("sd1", {"modelspec.predict_key": "v"}, "v_prediction"),
        ("sd2", {"modelspec.prediction_type": "v"}, "v_prediction"),
        ("sd2", {"modelspec.prediction_type": "epsilon"}, "epsilon"),
        ("sdxl", {}, "epsilon"),
    ],
)
def test_a_single_file_may_say_what_it_predicts(
    family: str, metadata: dict[str, str], expected: str, tiny_sizes: None
) -> None:
    with cache_of(it=tiny_single_file(family, **metadata)).lease("it") as checkpoint:
        assert checkpoint.scheduler_config["prediction_type"] == expected


@pytest.mark.parametrize("mark", [torch.tensor([]), torch.zeros(1)], ids=["empty", "one"])
def test_marks_for_velocity_and_zero_terminal_snr_are_read(mark: Tensor, tiny_sizes: None, tmp_path: Path) -> None:
    marks = {"v_pred": mark, "ztsnr": mark.clone()}
    save_file(single_file_tensors(tiny_checkpoint("sdxl"), "sdxl") | marks, tmp_path / "it.safetensors")
    assert read_weightfile(tmp_path / "it.safetensors").family == "sdxl"
    with cache_of(it=tmp_path / "it.safetensors").lease("it") as checkpoint:
        config = checkpoint.scheduler_config
        assert (config["prediction_type"], config["rescale_betas_zero_snr"]) == ("v_prediction", True)
        assert config["timestep_spacing"] == "trailing"


class Answers(nn.Module):
    """Answers every call with its sample times a factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.device, self.dtype, self.factor = torch.device("cpu"), torch.float32, factor

    def forward(self, sample: Tensor, *_: Any, **__: Any) -> tuple[Tensor]:
        return (sample * self.factor,)


def test_velocity_is_told_by_an_answer_far_below_the_sample() -> None:
    assert not predicts_velocity(Answers(1.0), 1024)
    assert predicts_velocity(Answers(-2.0), 1024)


@pytest.mark.parametrize("layout", ["folder", "file"])
def test_another_vae_replaces_only_the_vae(layout: str, tiny_sizes: None, no_network: None) -> None:
    vae = tiny_vae() if layout == "folder" else tiny_vae_file(tiny_vae())
    cache = cache_of(it=tiny_checkpoint("sd1"), vae=vae)
    with cache.lease("it") as own, cache.lease("it", "vae") as other:
        assert other.unet is own.unet and other.unet_loras is own.unet_loras
        assert (own.vae_sha256, other.vae_sha256) == ("", "vae")
        weights, expected = other.vae.state_dict(), load_file(next(tiny_vae().glob("*.safetensors")))
        assert all(torch.equal(weights[name], weight.float()) for name, weight in expected.items())


def test_a_vae_file_scales_as_its_checkpoints_family(tiny_sizes: None) -> None:
    cache = cache_of(xl=tiny_checkpoint("sdxl"), one=tiny_checkpoint("sd1"), vae=tiny_vae_file(tiny_vae()))
    with cache.lease("xl", "vae") as xl, cache.lease("one", "vae") as one:
        assert (xl.vae.config.scaling_factor, one.vae.config.scaling_factor) == (0.13025, 0.18215)


def test_a_vae_file_for_a_family_without_configs_is_refused() -> None:
    assert refusal(BUNDLED_CHECKPOINT, vae=tiny_vae_file(tiny_vae())) == "unsupported-layout"


def test_half_precision_alone_is_taken(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint("sd1"), tmp_path / "half"))
    for file in folder.rglob("*.safetensors"):
        file.rename(file.with_suffix(".fp16.safetensors"))
    with cache_of(it=folder).lease("it") as checkpoint:
        assert checkpoint.unet.dtype == torch.float32


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint("sd1"), tmp_path / "pickled"))
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    assert refusal(folder) == "incomplete-checkpoint"
    torch.save({"weight": torch.ones(1)}, tmp_path / "it.safetensors")
    assert refusal(tmp_path / "it.safetensors") == "not-safetensors"


def test_broken_and_incomplete_checkpoints_are_refused(tiny_sizes: None, tmp_path: Path) -> None:
    tensors = single_file_tensors(tiny_checkpoint("sd1"), "sd1")
    parts = {
        "no-vae": {key: value for key, value in tensors.items() if not key.startswith("first_stage")},
        "no-text": {key: value for key, value in tensors.items() if not key.startswith("cond_stage")},
        "odd-vae": {key.replace("model.decoder", "model.odd"): value for key, value in tensors.items()},
        "one-less": {
            key: value for key, value in tensors.items() if not key.endswith("middle_block.0.in_layers.2.weight")
        },
        "one-less-text": {key: value for key, value in tensors.items() if not key.endswith("final_layer_norm.bias")},
        "other-size": tensors | {"model.diffusion_model.out.2.weight": torch.ones(4, 7, 3, 3)},
    }
    codes = {}
    for name, kept in parts.items():
        save_file(kept, tmp_path / f"{name}.safetensors")
        codes[name] = refusal(tmp_path / f"{name}.safetensors")
    assert codes == {
        "no-vae": "incomplete-checkpoint",
        "no-text": "incomplete-checkpoint",
        "odd-vae": "incomplete-checkpoint",
        "one-less": "incomplete-checkpoint",
        "one-less-text": "incomplete-checkpoint",
        "other-size": "bad-shape",
    }


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_a_folder_that_misses_one_tensor_is_refused(part: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint("sd1"), tmp_path / "less"))
    (weights,) = (folder / part).glob("*.safetensors")
    tensors = load_file(weights)
    tensors.popitem()
    save_file(tensors, weights)
    assert refusal(folder) == "incomplete-checkpoint"


def test_a_folder_with_a_broken_config_is_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint("sd1"), tmp_path / "odd"))
    config = json.loads((folder / "unet" / "config.json").read_text())
    (folder / "unet" / "config.json").write_text(json.dumps(config | {"block_out_channels": [32, 96]}))
    assert refusal(folder) == "broken-weights"


def test_files_of_another_kind_and_missing_ones_are_refused(tmp_path: Path) -> None:
    lora = write_lora(tmp_path / "lora.safetensors", "kohya", unet=random_pairs(nn.ModuleDict(), ""), **tiny_pair())
    assert refusal(lora) == "wrong-kind"
    assert refusal(tiny_checkpoint("sd1"), vae=lora) == "wrong-kind"
    assert refusal(tmp_path / "gone.safetensors") == "missing-weights"
    with pytest.raises(WeightsRefused, match="catalog"), cache_of().lease("unknown"):
        pass


def tiny_pair() -> dict[str, Any]:
    network = nn.ModuleDict({"encoder": nn.ModuleDict({"layers": nn.ModuleList([nn.Linear(768, 768)])})})
    return {"text_encoder": {f"{name}.self_attn.q_proj": pair for name, pair in random_pairs(network, "").items()}}


def test_a_file_that_is_not_the_pinned_one_any_more_is_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint("sd1"), tmp_path / "it"))
    source = FolderWeights.of(folder)
    (sha256,) = source._paths
    cache = CheckpointCache(source, budget_bytes=0)
    with cache.lease(sha256):
        pass
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    save_file({name: weight * 2 for name, weight in load_file(weights).items()}, weights)
    with pytest.raises(WeightsRefused) as refused, cache.lease(sha256):
        pass
    assert refused.value.code == "changed-weights"


def test_half_precision_is_for_gpus() -> None:
    assert (serving_dtype("cpu"), serving_dtype("cuda")) == (torch.float32, torch.float16)


@pytest.mark.slow
def test_a_file_of_the_true_size_loads_with_the_shipped_configs(tmp_path: Path, no_network: None) -> None:
    """SD 1.5's 686 + 248 + 196 tensors in their true shapes; a sparse file of zeros takes no space on disk."""
    parts = {part: network.state_dict() for part, network in full_size("sd1").items()}
    path = write_zeros(tmp_path / "it.safetensors", in_one_file(parts, "sd1"))
    cache = CheckpointCache(FolderWeights({"it": path}), budget_bytes=GIB, dtype=torch.float16)
    with cache.lease("it") as checkpoint:
        assert [len(network.state_dict()) for network in networks(checkpoint)] == [686, 248, 196]
        assert len(checkpoint.tokenizers[0]) == 49408


def full_size(family: str) -> dict[str, nn.Module]:
    folder = families.FAMILIES[family].configs
    parts = ("unet", "vae", "text_encoder")
    configs = {part: json.loads((folder / part / "config.json").read_text()) for part in parts}
    with init_empty_weights():
        return {
            "unet": UNet2DConditionModel.from_config(configs["unet"]),
            "vae": AutoencoderKL.from_config(configs["vae"]),
            "text_encoder": CLIPTextModel(CLIPTextConfig(**configs["text_encoder"])),
        }


def write_zeros(path: Path, tensors: dict[str, Tensor]) -> Path:
    header, position = {}, 0
    for key, tensor in tensors.items():
        end = position + 2 * tensor.numel()
        header[key] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + position)
    return path
