"""Every LoRA layout gives what peft's own result gives; what cannot be used whole is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from generation.engine.lora.file import LoraWeights, read_lora
from generation.engine.lora.mixed_batch import MixedLoras
from generation.engine.outcome import WeightsRefused
from tests.tiny_loras import ATTENTION, EVERYTHING, random_pairs, write_lora
from tests.tiny_weights import BUNDLED_CHECKPOINT, BUNDLED_LORAS, tiny_checkpoint

CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-5}
WEIGHT = 0.7


@pytest.fixture
def pipeline(request: pytest.FixtureRequest) -> Any:
    return load_pipeline(request.param)


def load_pipeline(family: str) -> Any:
    pipeline_class = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
    folder = BUNDLED_CHECKPOINT if family == "mini" else tiny_checkpoint(family)
    return pipeline_class.from_pretrained(folder, local_files_only=True, dtype=torch.float32)


@torch.inference_mode()
def predict(unet: nn.Module) -> Tensor:
    """Two rows, the same whenever it is called."""
    generator = torch.Generator().manual_seed(3)
    config: Any = unet.config
    sample = torch.randn(2, 4, 8, 8, generator=generator).to(next(unet.parameters()).dtype)
    text = torch.randn(2, 5, config.cross_attention_dim, generator=generator).to(sample.dtype)
    added = None
    if config.addition_embed_type == "text_time":
        added = {"text_embeds": torch.randn(2, 1280, generator=generator), "time_ids": torch.ones(2, 6) * 64}
    answer = unet(sample, torch.tensor([10, 700]), encoder_hidden_states=text, added_cond_kwargs=added)
    return answer.sample  # type: ignore[no-any-return]


@torch.inference_mode()
def encode(encoder: nn.Module) -> Tensor:
    return encoder(torch.tensor([[5, 7, 9, 11]])).last_hidden_state  # type: ignore[no-any-return]


def ours(network: nn.Module, pairs: Any, run: Any, rows: int) -> Tensor:
    loras = MixedLoras(network)
    loras.add("it", pairs)
    with loras.rows([[("it", WEIGHT)]] * rows):
        return run(network)  # type: ignore[no-any-return]


def networks_of(pipeline: Any) -> dict[str, nn.Module]:
    names = ("unet", "text_encoder", "text_encoder_2")
    return {name: network for name in names if (network := getattr(pipeline, name, None)) is not None}


def pairs_of(read: LoraWeights) -> dict[str, Any]:
    return {"unet": read.unet, "text_encoder": read.text_encoders[0], "text_encoder_2": read.text_encoders[1]}


@pytest.mark.parametrize(
    ("pipeline", "layout", "matching", "alpha"),
    [
        ("sd1", "kohya", ATTENTION, 2.0),
        ("sd1", "kohya", EVERYTHING, 1.0),
        ("sd2", "kohya", EVERYTHING, None),
        ("sdxl", "kohya-xl", ATTENTION, 2.0),
        ("sdxl", "kohya-ldm", EVERYTHING, 3.0),
        ("sd1", "diffusers", EVERYTHING, None),
        ("sd1", "diffusers-old", ATTENTION, None),
        ("sd1", "processor", ATTENTION, None),
        ("sdxl", "diffusers", ATTENTION, None),
    ],
    indirect=["pipeline"],
)
def test_each_layout_adds_what_peft_adds(
    pipeline: Any, layout: str, matching: str, alpha: float | None, tmp_path: Path
) -> None:
    networks = networks_of(pipeline)
    if layout == "processor":  # older than text-encoder LoRAs
        networks = {"unet": networks["unet"]}
    parts: dict[str, Any] = {
        name: random_pairs(network, matching if name == "unet" else ATTENTION, alpha=alpha, seed=number)
        for number, (name, network) in enumerate(networks.items())
    }
    path = write_lora(tmp_path / "some.safetensors", layout, **parts)
    pairs = pairs_of(read_lora(path))

    base = predict(pipeline.unet)
    mixed = {
        name: ours(network, pairs[name], predict, 2) if name == "unet" else ours(network, pairs[name], encode, 1)
        for name, network in networks.items()
    }
    pipeline.load_lora_weights(path.parent, weight_name=path.name, adapter_name="it", local_files_only=True)
    pipeline.set_adapters(["it"], [WEIGHT])
    assert (predict(pipeline.unet) - base).abs().max() > 1e-2
    for name, network in networks.items():
        torch.testing.assert_close(mixed[name], (predict if name == "unet" else encode)(network), **CLOSE)


def test_the_oldest_files_do_not_name_the_network(tmp_path: Path) -> None:
    path = write_lora(tmp_path / "new.safetensors", "processor", unet=random_pairs(load_pipeline("sd1").unet))
    bare = {key.removeprefix("unet."): value for key, value in load_file(path).items()}
    save_file(bare, tmp_path / "old.safetensors")
    assert read_lora(tmp_path / "old.safetensors").unet.keys() == read_lora(path).unet.keys()


@pytest.mark.parametrize("pipeline", ["sd1"], indirect=True)
def test_a_file_saved_by_peft_adds_what_peft_adds(pipeline: Any, tmp_path: Path) -> None:
    base = predict(pipeline.unet)
    config = LoraConfig(r=4, lora_alpha=16, target_modules=["to_q", "to_v", "conv1"], init_lora_weights=False)
    trained = get_peft_model(pipeline.unet, config)
    trained.save_pretrained(tmp_path)
    expected = predict(trained)
    pairs = read_lora(tmp_path / "adapter_model.safetensors").unet

    assert len(pairs) > 10
    unet = load_pipeline("sd1").unet
    loras = MixedLoras(unet)
    loras.add("it", pairs)
    with loras.rows([[("it", 1.0)], [("it", 1.0)]]):
        torch.testing.assert_close(predict(unet), expected, **CLOSE)
    assert not torch.allclose(base, expected, atol=1e-3)


@pytest.mark.parametrize("config", ['{"lora_alpha": "much"}', '{"alpha_pattern": {"(a+)+$": 2}}', "[" * 100_000, "{"])
def test_a_config_beside_that_says_nothing_is_refused(tmp_path: Path, config: str) -> None:
    pairs = random_pairs(load_pipeline("sd1").unet)
    path = write_lora(tmp_path / "adapter_model.safetensors", "peft", unet=pairs)
    (tmp_path / "adapter_config.json").write_text(config)
    with pytest.raises(WeightsRefused) as refused:
        read_lora(path)
    assert refused.value.code == "bad-alpha"


@pytest.mark.parametrize("pipeline", ["sd1"], indirect=True)
def test_alphas_in_the_metadata_count_as_diffusers_counts_them(pipeline: Any, tmp_path: Path) -> None:
    config = LoraConfig(
        r=4, lora_alpha=8, alpha_pattern={"attn1.to_q": 2}, target_modules=["to_q", "to_v"], init_lora_weights=False
    )
    pipeline.unet.add_adapter(config)
    expected = predict(pipeline.unet)
    pipeline.unet.save_lora_adapter(tmp_path, safe_serialization=True, weight_name="plain.safetensors")
    metadata = json.dumps({"unet.r": 4, "unet.lora_alpha": 8, "unet.alpha_pattern": {"attn1.to_q": 2}})
    tensors = {f"unet.{key}": value for key, value in load_file(tmp_path / "plain.safetensors").items()}
    save_file(tensors, tmp_path / "it.safetensors", metadata={"lora_adapter_metadata": metadata})

    unet = load_pipeline("sd1").unet
    loras = MixedLoras(unet)
    loras.add("it", read_lora(tmp_path / "it.safetensors").unet)
    with loras.rows([[("it", 1.0)]] * 2):
        torch.testing.assert_close(predict(unet), expected, **CLOSE)


@pytest.mark.parametrize("path", BUNDLED_LORAS, ids=lambda path: path.stem)
def test_the_bundled_loras_add_what_peft_adds(path: Path) -> None:
    """In double precision: in single, the two orders of summation alone come 2e-5 apart after 133 layers."""
    pipeline = load_pipeline("mini")
    pipeline.unet.double()
    mixed = ours(pipeline.unet, read_lora(path).unet, predict, 2)
    pipeline.load_lora_weights(path.parent, weight_name=path.name, adapter_name="it", local_files_only=True)
    pipeline.set_adapters(["it"], [WEIGHT])
    torch.testing.assert_close(mixed, predict(pipeline.unet.double()), **CLOSE)


def test_a_middle_weight_is_one_larger_convolution(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    down, mid = torch.randn(4, 8, 1, 1, generator=generator), torch.randn(4, 4, 3, 3, generator=generator)
    up, sample = torch.randn(6, 4, 1, 1, generator=generator), torch.randn(1, 8, 5, 5, generator=generator)
    key = "lora_unet_down_blocks_0_resnets_0_conv1"
    tensors = {f"{key}.lora_down.weight": down, f"{key}.lora_mid.weight": mid, f"{key}.lora_up.weight": up}
    save_file(tensors, tmp_path / "it.safetensors")
    conv2d = nn.functional.conv2d
    expected = conv2d(conv2d(conv2d(sample, down), mid, padding=1), up)
    (pair,) = read_lora(tmp_path / "it.safetensors").unet.values()
    torch.testing.assert_close(conv2d(conv2d(sample, pair.down, padding=1), pair.up), expected, **CLOSE)


KEY = "lora_unet_down_blocks_0_attentions_0_proj_in"
DOWN, UP = f"{KEY}.lora_down.weight", f"{KEY}.lora_up.weight"
OUT_PROJ = "encoder_layers_0_self_attn_out_proj"
GOOD = {DOWN: torch.ones(4, 8), UP: torch.ones(8, 4)}


@pytest.mark.parametrize(
    ("tensors", "code"),
    [
        ({f"{KEY}.hada_t1": torch.ones(4, 4, 3, 3)}, "unsupported-lora"),
        ({f"{KEY}.lokr_t2": torch.ones(4, 4, 3, 3)}, "unsupported-lora"),
        ({f"{KEY}.hada_w1_a": torch.ones(4, 8)}, "half-pair"),
        ({f"{KEY}.lokr_w1": torch.ones(4, 8)}, "half-pair"),
        (GOOD | {f"{KEY}.lokr_w1": torch.ones(4, 8), f"{KEY}.lokr_w2": torch.ones(4, 8)}, "half-pair"),
        ({f"{KEY}.lokr_w1_a": torch.ones(4, 8), f"{KEY}.lokr_w1_b": torch.ones(4, 8)}, "bad-rank"),
        (GOOD | {f"{KEY}.dora_scale": torch.ones(8)}, "unsupported-lora"),
        ({"unet.conv_in.lora_magnitude_vector": torch.ones(8)}, "unsupported-lora"),
        (GOOD | {"lora_unet_conv_in.diff": torch.ones(4, 8)}, "unsupported-lora"),
        (GOOD | {"lora_unet_conv_in.diff_b": torch.ones(8)}, "unsupported-lora"),
        ({f"{KEY}.oft_blocks": torch.ones(4, 8)}, "unsupported-lora"),
        ({f"{KEY}.a1.weight": torch.ones(4, 8)}, "unsupported-lora"),
        ({f"{KEY}.on_input": torch.ones(1)}, "unsupported-lora"),
        ({"lora_unet_conv_in.ia3_l": torch.ones(8)}, "unsupported-lora"),
        ({"text_model.embeddings.token_embedding.lora_embedding_A": torch.ones(4, 8)}, "unsupported-lora"),
        (GOOD | {"something.else": torch.ones(1)}, "unused-key"),
        (GOOD | {"transformer.blocks.0.lora_A.weight": torch.ones(4, 8)}, "unused-key"),
        ({DOWN: torch.ones(4, 8)}, "half-pair"),
        ({DOWN: torch.ones(4, 8), UP: torch.ones(8, 3)}, "bad-rank"),
        (GOOD | {f"unet.{'down_blocks.0.attentions.0.proj_in'}.lora_A.weight": torch.ones(4, 8)}, "duplicate-key"),
        ({DOWN: torch.full((4, 8), torch.nan), UP: torch.ones(8, 4)}, "not-finite"),
        ({DOWN: torch.ones(4, 8), UP: torch.full((8, 4), torch.inf)}, "not-finite"),
        (GOOD | {f"{KEY}.alpha": torch.tensor(torch.inf)}, "not-finite"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_used_whole_is_refused(tensors: dict[str, Tensor], code: str, tmp_path: Path) -> None:
    save_file(tensors, tmp_path / "it.safetensors")
    with pytest.raises(WeightsRefused) as refused:
        read_lora(tmp_path / "it.safetensors")
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("stem", "part", "module"),
    [
        (
            "base_model.model.diffusion_model.input_blocks.1.1.proj_in.lora_{}.weight",
            "unet",
            "down_blocks_0_attentions_0_proj_in",
        ),
        ("text_encoder.encoder.layers.0.self_attn.to_out_lora.{}.weight", "text_encoder", OUT_PROJ),
        ("unet.input_blocks.4.1.proj_in.lora_{}.weight", "unet", "down_blocks_1_attentions_0_proj_in"),
        ("lycoris_down_blocks_0_attentions_0_proj_in.lora_{}.weight", "unet", "down_blocks_0_attentions_0_proj_in"),
        ("lora_unet-mid_block-attentions-0-proj_in.lora_{}.weight", "unet", "mid_block_attentions_0_proj_in"),
        ("clip_l.text_model.encoder.layers.0.self_attn.out_proj.lora_{}.weight", "text_encoder", OUT_PROJ),
        ("clip_g.text_model.encoder.layers.0.self_attn.out_proj.lora_{}.weight", "text_encoder_2", OUT_PROJ),
        (
            "text_encoders.clip_g.transformer.text_model.encoder.layers.0.self_attn.out_proj.lora_{}.weight",
            "text_encoder_2",
            OUT_PROJ,
        ),
        ("lora_te1_text_model_encoder_layers_0_self_attn_out_proj.lora_{}.weight", "text_encoder", OUT_PROJ),
        ("lora_te2_text_model_encoder_layers_0_self_attn_out_proj.lora_{}.weight", "text_encoder_2", OUT_PROJ),
        ("text_encoder.text_model.encoder.layers.0.self_attn.out_proj.lora_{}.weight", "text_encoder", OUT_PROJ),
    ],
)
def test_names_of_other_tools_and_older_diffusers_are_understood(
    stem: str, part: str, module: str, tmp_path: Path
) -> None:
    halves = ("down", "up") if "_lora." in stem else ("A", "B")
    save_file(dict(zip(map(stem.format, halves), GOOD.values(), strict=True)), tmp_path / "it.safetensors")
    found = {name: pairs for name, pairs in pairs_of(read_lora(tmp_path / "it.safetensors")).items() if pairs}
    assert {name: set(pairs) for name, pairs in found.items()} == {part: {module}}


def lycoris(kind: str, out: int, inputs: int, seed: int = 5) -> tuple[dict[str, Tensor], Tensor]:
    """The tensors of a module by their endings, and what the formulas of LyCORIS say that they add, (out, inputs)."""
    draw = torch.Generator().manual_seed(seed)

    def matrix(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw) * 0.3

    if kind.startswith("hada"):
        rank = 2 if kind == "hada" else 9
        parts = {
            "hada_w1_a": matrix(out, rank), "hada_w1_b": matrix(rank, inputs),
            "hada_w2_a": matrix(out, rank), "hada_w2_b": matrix(rank, inputs),
        }  # fmt: skip
        whole = (parts["hada_w1_a"] @ parts["hada_w1_b"]) * (parts["hada_w2_a"] @ parts["hada_w2_b"])
        return parts | {"alpha": torch.tensor(1.0)}, whole / rank
    first = {"lokr_w1": matrix(4, 2)} if "w1" in kind else {"lokr_w1_a": matrix(4, 1), "lokr_w1_b": matrix(1, 2)}
    second = (
        {"lokr_w2": matrix(out // 4, inputs // 2)}
        if "w2" in kind
        else {"lokr_w2_a": matrix(out // 4, 2), "lokr_w2_b": matrix(2, inputs // 2)}
    )
    w1 = first.get("lokr_w1", first["lokr_w1_a"] @ first["lokr_w1_b"] if "lokr_w1_a" in first else None)
    w2 = second.get("lokr_w2", second["lokr_w2_a"] @ second["lokr_w2_b"] if "lokr_w2_a" in second else None)
    assert w1 is not None and w2 is not None
    rank = 2 if "lokr_w2_b" in second else 1
    scale = 1.0 if "lokr_w1" in first and "lokr_w2" in second else 1 / rank
    return {**first, **second, "alpha": torch.tensor(1.0)}, torch.kron(w1, w2) * scale


@pytest.mark.parametrize("kind", ["hada", "hada-large", "lokr-w1-w2", "lokr-w1", "lokr-w2", "lokr"])
@pytest.mark.parametrize("kernel", [1, 3])
def test_lycoris_adds_what_its_formula_says(kind: str, kernel: int, tmp_path: Path) -> None:
    unet = load_pipeline("mini").unet
    name = "down_blocks.0.resnets.0.conv1" if kernel == 3 else "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
    layer: Any = unet.get_submodule(name)
    out, inputs = layer.weight.flatten(1).shape
    parts, whole = lycoris(kind, out, inputs)
    if kernel == 3 and "lokr_w2" in parts:
        parts["lokr_w2"] = parts["lokr_w2"].reshape(out // 4, -1, 3, 3)
    key = f"lora_unet_{name.replace('.', '_')}"
    save_file({f"{key}.{end}": part.contiguous() for end, part in parts.items()}, tmp_path / "it.safetensors")
    pairs = read_lora(tmp_path / "it.safetensors").unet
    found = ours(unet, pairs, predict, 2)
    with torch.no_grad():
        layer.weight += WEIGHT * whole.reshape(layer.weight.shape)
    torch.testing.assert_close(found, predict(unet), rtol=1e-4, atol=1e-4)
    if not kind.startswith("hada-large"):
        assert next(iter(pairs.values())).rank <= min(out, inputs)


@pytest.mark.parametrize("kind", ["loha", "lokr"])
def test_lycoris_of_peft_adds_what_peft_adds(kind: str, tmp_path: Path) -> None:
    from peft import LoHaConfig, LoKrConfig

    config_of: Any = {"loha": LoHaConfig, "lokr": LoKrConfig}[kind]
    unet = load_pipeline("sd1").unet
    config = config_of(r=4, alpha=8, target_modules=["to_q", "conv1"], init_weights=False)
    trained = get_peft_model(unet, config)
    trained.save_pretrained(tmp_path)
    expected = predict(trained)
    plain = load_pipeline("sd1").unet
    loras = MixedLoras(plain)
    loras.add("it", read_lora(tmp_path / "adapter_model.safetensors").unet)
    with loras.rows([[("it", 1.0)], [("it", 1.0)]]):
        torch.testing.assert_close(predict(plain), expected, rtol=1e-4, atol=1e-4)


def test_what_lies_beside_a_lora_is_left_out(tmp_path: Path) -> None:
    others = {
        "bundle_emb.inkword.emb_params": torch.ones(1, 8),
        "lora_unet_down_blocks_0_attentions_0_norm.w_norm": torch.zeros(8),
        "lora_unet_down_blocks_0_attentions_0_norm.b_norm": torch.zeros(8),
    }
    save_file(GOOD | others, tmp_path / "it.safetensors")
    assert set(read_lora(tmp_path / "it.safetensors").unet) == {"down_blocks_0_attentions_0_proj_in"}


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "it.safetensors").write_bytes(b"\x80\x04not weights")
    with pytest.raises(WeightsRefused) as refused:
        read_lora(tmp_path / "it.safetensors")
    assert refused.value.code == "unreadable-lora"
