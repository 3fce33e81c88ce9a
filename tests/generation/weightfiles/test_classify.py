"""Weight files told from their headers: what they are, of which family, and what they are called."""

from __future__ import annotations

import hashlib
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

from generation.weightfiles.classify import WeightFile, classify, read_weightfile
from generation.weightfiles.hashing import hash_weights
from generation.weightfiles.safetensors_header import read_header
from tests.generation.weightfiles.header_things import (
    CROSS,
    HALVES,
    KEY,
    made,
    one_pair,
)
from tests.ldm_layout import tiny_single_file, tiny_vae_file
from tests.tiny_loras import random_pairs, write_lora
from tests.tiny_weights import BUNDLED_CHECKPOINT, BUNDLED_LORAS, UNETS, tiny_checkpoint, tiny_vae


@pytest.mark.parametrize(
    ("family", "layout"),
    [(family, layout) for family in ("sd1", "sd2", "sdxl") for layout in ("folder", "file")],
)
def test_checkpoints_of_each_family(family: str, layout: str) -> None:
    found = read_weightfile(tiny_checkpoint(family) if layout == "folder" else tiny_single_file(family))
    assert (found.kind, found.family, found.layout, found.rank) == ("checkpoint", family, layout, None)


def test_the_bundled_weights() -> None:
    checkpoint = read_weightfile(BUNDLED_CHECKPOINT)
    assert (checkpoint.kind, checkpoint.family, checkpoint.title) == ("checkpoint", "mini", "emoji-diffusion")
    loras = [read_weightfile(path) for path in BUNDLED_LORAS]
    assert [(lora.kind, lora.family, lora.rank) for lora in loras] == [("lora", "mini", 16)] * 2
    assert [(lora.title, lora.trigger_words) for lora in loras] == [("fluent-3d", ("3d",)), ("line-art", ("line art",))]


@pytest.mark.parametrize("layout", ["folder", "file"])
def test_a_vae_fits_every_family(layout: str) -> None:
    found = read_weightfile(tiny_vae() if layout == "folder" else tiny_vae_file(tiny_vae()))
    assert (found.kind, found.family) == ("vae", "")


@pytest.mark.parametrize(
    ("tensors", "family", "vectors"),
    [
        ({"emb_params": ("F32", [3, 768])}, "sd1", 3),
        ({"emb_params": ("F16", [1, 1024])}, "sd2", 1),
        ({"<my-cat>": ("F32", [768])}, "sd1", 1),
        ({"emb_params": ("F32", [2, 128])}, "mini", 2),
        ({"clip_l": ("F32", [2, 768]), "clip_g": ("F32", [2, 1280])}, "sdxl", 2),
    ],
)
def test_embeddings(tensors: dict[str, tuple[str, list[int]]], family: str, vectors: int, path: Path) -> None:
    found = read_weightfile(made(path, tensors))
    assert (found.kind, found.family, found.vectors) == ("embedding", family, vectors)


SELF = "text_model_encoder_layers_0_self_attn_q_proj"


@pytest.mark.parametrize(
    ("tensors", "metadata", "family"),
    [
        (one_pair(CROSS, 768), {}, "sd1"),
        (one_pair(CROSS, 1024), {}, "sd2"),
        (one_pair(CROSS, 2048), {}, "sdxl"),
        (one_pair("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", 2048), {}, "sdxl"),
        (one_pair(CROSS, 128), {}, "mini"),
        (one_pair(f"lora_te_{SELF}", 768), {}, "sd1"),
        (one_pair(f"lora_te_{SELF}", 1024), {}, "sd2"),
        (one_pair(f"lora_te1_{SELF}", 768) | one_pair(f"lora_te2_{SELF}", 1280), {}, "sdxl"),
        (one_pair("lora_unet_conv_in", 4), {"ss_base_model_version": "sdxl_base_v1-0"}, "sdxl"),
        (one_pair("lora_unet_conv_in", 4), {"ss_base_model_version": "sd_v1"}, "sd1"),
    ],
)
def test_loras_tell_their_family(tensors: Any, metadata: dict[str, str], family: str, path: Path) -> None:
    found = read_weightfile(made(path, tensors, __metadata__=metadata))
    assert (found.kind, found.family, found.rank) == ("lora", family, 4)


@pytest.mark.parametrize("layout", ["kohya", "diffusers", "diffusers-old", "processor", "peft"])
def test_lora_layouts(layout: str, path: Path) -> None:
    write_lora(path, layout, unet=random_pairs(UNet2DConditionModel(**UNETS["sd1"]), rank=6))
    found = read_weightfile(path)
    assert (found.kind, found.family, found.rank) == ("lora", "sd1", 6)


@pytest.mark.parametrize(
    ("metadata", "title", "words"),
    [
        ({}, "it", ()),
        ({"ss_output_name": "my_cat_v2"}, "my_cat_v2", ()),
        (
            {"modelspec.title": "My  Cat", "modelspec.trigger_phrase": "mycat, oil on canvas"},
            "My Cat",
            ("mycat", "oil on canvas"),
        ),
        ({"ss_tag_frequency": '{"10_cat": {"mycat": 20, "1girl": 3, "painting": 19}}'}, "it", ("mycat", "painting")),
        ({"ss_tag_frequency": '{"1_x": {"b": 2, "a": 2}, "1_y": {" ": 90}}'}, "it", ("a", "b")),
        ({"ss_tag_frequency": '{"10_x": {"x": 40, "y": 4}, "2_x": {"x": 6, "z": 6, "w": 6}}'}, "it", ("x",)),
        ({"ss_tag_frequency": '{"1_x": {"a": 5, "b": 9}, "1_y": {" a": 5, "a ": 1}}'}, "it", ("a",)),
        ({"ss_tag_frequency": '{"x": {"a": 1e999}}'}, "it", ()),
        ({"ss_tag_frequency": '{"x": {"a": NaN}}'}, "it", ()),
        ({"ss_tag_frequency": '{"x": {"a": -1e999}}'}, "it", ()),
        ({"ss_tag_frequency": '{"x": {"a": 1%s}}' % ("0" * 400)}, "it", ()),
        ({"ss_tag_frequency": '{"x": {"a\\ud800b": 1, "c\\u0000d": 1}}'}, "it", ("a b", "c d")),
        ({"modelspec.title": "a\x00b", "modelspec.trigger_phrase": "c\x00d, \x00"}, "a b", ("c d",)),
        ({"ss_output_name": "🖋"}, "🖋", ()),
        ({"ss_tag_frequency": "[[[["}, "it", ()),
        ({"ss_tag_frequency": '{"x": 3}'}, "it", ()),
        ({"ss_tag_frequency": '{"x": {"a": "many"}}'}, "it", ()),
    ],
)
def test_titles_and_trigger_words(metadata: dict[str, str], title: str, words: tuple[str, ...], path: Path) -> None:
    found = read_weightfile(made(path, HALVES, __metadata__=metadata))
    assert (found.title, found.trigger_words) == (title, words)


def test_hashes_are_civitais_and_a1111s(path: Path) -> None:
    made(path, HALVES, __metadata__={"note": "x"})
    found, data = read_weightfile(path), path.read_bytes()
    assert found.sha256 == hashlib.sha256(data).hexdigest() == hash_weights(path)
    assert found.autov2 == found.sha256[:10]
    start = 8 + struct.unpack("<Q", data[:8])[0]
    assert found.lora_hash == hashlib.sha256(data[start:]).hexdigest()[:12]
    assert (found.size_bytes, found.metadata) == (len(data), {"note": "x"})


def test_a_lora_hash_does_not_change_with_the_metadata(path: Path, tmp_path: Path) -> None:
    other = made(tmp_path / "other.safetensors", HALVES, __metadata__={"note": "longer than the first"})
    first, second = read_weightfile(made(path, HALVES)), read_weightfile(other)
    assert first.lora_hash == second.lora_hash and first.sha256 != second.sha256


def test_a_folders_hash_is_of_what_is_loaded(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint("sd1"), tmp_path / "moved and renamed"))
    before = hash_weights(folder)
    assert before == hash_weights(tiny_checkpoint("sd1"))
    (folder / "README.md").write_text("About it.")
    (folder / "other.safetensors").write_bytes(b"not loaded")
    assert hash_weights(folder) == before
    config = folder / "scheduler" / "scheduler_config.json"
    config.write_text(config.read_text().replace("epsilon", "v_prediction"))
    assert hash_weights(folder) != before


def test_classify_reads_headers_only() -> None:
    assert classify(tiny_checkpoint("sd2")) == ("checkpoint", "sd2")
    assert classify(tiny_single_file("sdxl")) == ("checkpoint", "sdxl")
    assert classify(BUNDLED_LORAS[0]) == ("lora", "mini")


def test_integers_and_doubles_may_stand_beside_a_checkpoints_weights(path: Path) -> None:
    tensors = load_file(tiny_single_file("sd1"))
    tensors |= {"cond_stage_model.transformer.text_model.embeddings.position_ids": torch.arange(77)[None]}
    save_file(tensors | {"alphas_cumprod": torch.ones(1000, dtype=torch.float64)}, path)
    assert read_weightfile(path).family == "sd1"


def test_a_weightfile_is_a_plain_value() -> None:
    found = read_weightfile(BUNDLED_LORAS[0])
    assert found == read_weightfile(str(BUNDLED_LORAS[0]))
    assert isinstance(found, WeightFile) and read_header(BUNDLED_LORAS[0]).tensors


@pytest.mark.parametrize(
    ("tensors", "family", "rank"),
    [
        (
            {
                "unet.input_blocks.4.1.transformer_blocks.0.attn2.to_k.lora_down.weight": ("F16", [1, 2048]),
                "unet.input_blocks.4.1.transformer_blocks.0.attn2.to_k.lora_up.weight": ("F16", [640, 1]),
                "clip_l.text_model.encoder.layers.0.self_attn.q_proj.lora_down.weight": ("F16", [1, 768]),
                "clip_l.text_model.encoder.layers.0.self_attn.q_proj.lora_up.weight": ("F16", [768, 1]),
                "clip_g.text_model.encoder.layers.0.self_attn.q_proj.lora_down.weight": ("F16", [1, 1280]),
                "clip_g.text_model.encoder.layers.0.self_attn.q_proj.lora_up.weight": ("F16", [1280, 1]),
            },
            "sdxl",
            1,
        ),
        (
            {
                f"{KEY}.hada_w1_a": ("F16", [32, 4]), f"{KEY}.hada_w1_b": ("F16", [4, 768]),
                f"{KEY}.hada_w2_a": ("F16", [32, 4]), f"{KEY}.hada_w2_b": ("F16", [4, 768]),
            },
            "sd1",
            4,
        ),
        ({f"{KEY}.lokr_w1": ("F16", [4, 8]), f"{KEY}.lokr_w2": ("F16", [8, 96])}, "sd1", 32),
    ],
)  # fmt: skip
def test_keys_of_other_trainers(tensors: dict[str, tuple[str, list[int]]], family: str, rank: int, path: Path) -> None:
    found = read_weightfile(made(path, tensors))
    assert (found.kind, found.family, found.rank, found.left_out) == ("lora", family, rank, "")


def test_what_a_lora_is_drawn_without_is_told(path: Path) -> None:
    others = {
        "bundle_emb.inkword.emb_params": ("F32", [1, 768]),
        "lora_unet_down_blocks_0_attentions_0_norm.w_norm": ("F32", [32]),
        "lora_unet_down_blocks_0_attentions_0_norm.b_norm": ("F32", [32]),
    }
    found = read_weightfile(made(path, HALVES | others))
    assert found.left_out == "the embedding “inkword” that lies in it, changes of normalisation layers"
