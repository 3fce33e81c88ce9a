"""Weight files that are refused from their headers: other formats, tricks of a header, weights of no use."""

from __future__ import annotations

import json
import pickle
import shutil
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.weightfiles.classify import read_weightfile
from generation.weightfiles.safetensors_header import MAX_HEADER_BYTES, WeightFileRefused
from tests.generation.weightfiles.header_things import (
    ALPHA,
    CROSS,
    DOWN,
    HALVES,
    KEY,
    UP,
    laid_out,
    made,
    one_pair,
    raw,
    refusal,
)
from tests.tiny_weights import tiny_checkpoint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pickle.dumps({"weight": [1.0]}), "pickle"),
        (pickle.dumps({"weight": [1.0]}, protocol=2), "pickle"),
        (b"PK\x03\x04" + bytes(60), "zip"),
        (b"GGUF" + bytes(60), "GGUF"),
        (b"\x93NUMPY" + bytes(60), "NumPy"),
        (b"<html><script>", "something else"),
        (b"", "something else"),
        (b"\x08\x00", "something else"),
        (bytes(64), "something else"),
    ],
)
def test_other_formats_under_the_right_name(content: bytes, said: str, path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(WeightFileRefused, match=said) as refused:
        read_weightfile(path)
    assert refused.value.code == "not-safetensors"


@pytest.mark.parametrize("name", ["it.ckpt", "it.pt", "it.bin", "it.safetensors.exe", "it", "it.SafeTensors"])
def test_other_names(name: str, tmp_path: Path) -> None:
    assert refusal(made(tmp_path / name, HALVES)) == "not-safetensors"


def test_a_torch_pickle_named_safetensors(path: Path) -> None:
    torch.save({"weight": torch.ones(1)}, path)
    assert refusal(path) == "not-safetensors"


def test_nothing_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.safetensors") == "no-such-file"
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "empty") == "not-safetensors"


GOOD = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    ("header", "data", "code"),
    [
        (b'{"a":' + b"[" * 100_000, b"", "bad-header"),
        (b'{"a": NaN}', b"", "bad-header"),
        (b'{"a": ' + b"9" * 5000 + b"}", b"", "bad-header"),
        (b'{"a": {}', b"", "bad-header"),
        (b'{"\xff": 1}', b"", "bad-header"),
        ({}, b"", "too-many-tensors"),
        ({"__metadata__": {"a": "b"}}, b"", "too-many-tensors"),
        ({"__metadata__": {"a": 1}, "x": GOOD}, bytes(4), "bad-header"),
        ({"__metadata__": [], "x": GOOD}, bytes(4), "bad-header"),
        ({"k" * 300: GOOD}, bytes(4), "bad-header"),
        ({"\ud800": GOOD}, bytes(4), "bad-header"),
        ({"a\0b": GOOD}, bytes(4), "bad-header"),
        ({"a\nb": GOOD}, bytes(4), "bad-header"),
        ({"x": GOOD | {"dtype": "\udfff"}}, bytes(4), "bad-header"),
        ({"__metadata__": {"modelspec.title": "\ud800"}, "x": GOOD}, bytes(4), "bad-header"),
        ({"x": 1}, b"", "bad-header"),
        ({"x": {"dtype": "F32", "shape": [1]}}, b"", "bad-header"),
        ({"x": GOOD | {"data_offsets": [0]}}, b"", "bad-header"),
        ({"x": GOOD | {"dtype": "BOOL"}}, bytes(4), "bad-dtype"),
        ({"x": GOOD | {"dtype": ["F32"]}}, bytes(4), "bad-dtype"),
        ({"x": GOOD | {"shape": [1] * 6}}, bytes(4), "bad-shape"),
        ({"x": GOOD | {"shape": [0]}}, bytes(4), "bad-shape"),
        ({"x": GOOD | {"shape": [0], "data_offsets": [0, 0]}}, b"", "bad-shape"),
        ({"decoder.conv_in.weight": GOOD, "x": GOOD | {"shape": [0], "data_offsets": [4, 4]}}, bytes(4), "bad-shape"),
        ({DOWN: GOOD, "x": GOOD | {"shape": [0], "data_offsets": [4, 4]}}, bytes(4), "bad-shape"),
        ({"x": GOOD | {"shape": [2**40, 0], "data_offsets": [0, 0]}}, b"", "bad-shape"),
        ({"x": GOOD | {"shape": [-1]}}, bytes(4), "bad-shape"),
        ({"x": GOOD | {"shape": [1.0]}}, bytes(4), "bad-shape"),
        ({"x": GOOD | {"shape": [True]}}, bytes(4), "bad-shape"),
        ({"x": GOOD | {"shape": "1"}}, bytes(4), "bad-shape"),
        ({"x": GOOD | {"shape": [10**18]}}, bytes(4), "bad-offsets"),
        ({"x": GOOD | {"data_offsets": [4, 0]}}, bytes(4), "bad-offsets"),
        ({"x": GOOD | {"data_offsets": [-4, 0]}}, bytes(4), "bad-offsets"),
        ({"x": GOOD, "y": GOOD}, bytes(4), "bad-offsets"),
        ({"x": GOOD, "y": GOOD | {"data_offsets": [8, 12]}}, bytes(12), "bad-offsets"),
        ({"x": GOOD}, bytes(5), "bad-offsets"),
        ({"x": GOOD}, bytes(3), "bad-offsets"),
        (b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":1}', bytes(4), "duplicate-key"),
        (b'{"x":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', bytes(4), "duplicate-key"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_headers(header: Any, data: bytes, code: str, path: Path) -> None:
    assert refusal(raw(path, header, data)) == code


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, MAX_HEADER_BYTES + 1, 1000])
def test_a_header_longer_than_the_file_or_than_taken(length: int, path: Path) -> None:
    assert refusal(raw(path, {"x": GOOD}, bytes(4), length)) == "bad-header"


def test_a_header_longer_than_is_taken_is_told_as_a_limit(path: Path) -> None:
    raw(path, {"__metadata__": {"note": "x" * MAX_HEADER_BYTES}, "x": GOOD}, bytes(4))
    with pytest.raises(WeightFileRefused, match=r"8,388,\d+ bytes; at most 8 MiB") as refused:
        read_weightfile(path)
    assert refused.value.code == "header-too-large"


def test_a_bomb_of_tensors_costs_little(path: Path) -> None:
    """A million empty tensors opened the library in nine seconds and 1.7 GB."""
    entry = b'"%08d":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    header = b"{" + b",".join(entry % number for number in range(120_000)) + b"}"
    assert len(header) < MAX_HEADER_BYTES
    raw(path, header, bytes(4))
    tracemalloc.start()
    assert refusal(path) == "too-many-tensors"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400 * 1024**2


@pytest.mark.parametrize(
    ("tensors", "code"),
    [
        (HALVES | {f"{KEY}.hada_w1_a": ("F16", [4, 4])}, "half-pair"),
        ({f"{KEY}.lokr_w1": ("F16", [4, 4])}, "half-pair"),
        ({f"{KEY}.hada_t1": ("F16", [4, 4, 3, 3])}, "unsupported-lora"),
        ({f"{KEY}.on_input": ("F16", [1])}, "unsupported-lora"),
        ({f"{KEY}.lokr_w1": ("F16", [40, 192]), f"{KEY}.lokr_w2": ("F16", [32_000, 4_000])}, "too-large"),
        ({"bundle_emb.word.emb_params": ("F16", [1, 768]), f"{KEY}.w_norm": ("F16", [4])}, "unused-key"),
        (HALVES | {f"{KEY}.dora_scale": ("F16", [32, 1])}, "unsupported-lora"),
        (HALVES | {"other.lora_mystery": ("F16", [4, 4])}, "unused-key"),
        ({DOWN: HALVES[DOWN]}, "half-pair"),
        ({UP: HALVES[UP], ALPHA: ("F16", [])}, "half-pair"),
        (HALVES | {UP: ("F16", [32, 8])}, "bad-rank"),
        ({DOWN: ("F16", [300, 768]), UP: ("F16", [32, 300])}, "bad-rank"),
        ({DOWN: ("F16", [4]), UP: ("F16", [32, 4])}, "bad-rank"),
        (HALVES | {ALPHA: ("F16", [2])}, "bad-alpha"),
        (HALVES | {DOWN: ("I64", [4, 768])}, "bad-dtype"),
        ({DOWN: ("F16", [4, 640]), UP: HALVES[UP]}, "unknown-family"),
        (HALVES | one_pair(CROSS, 1024), "unknown-family"),
        (one_pair("lora_unet_conv_in", 4), "unknown-family"),
        ({"emb_params": ("F32", [2, 999])}, "unknown-family"),
        ({"clip_l": ("F32", [2, 768]), "clip_g": ("F32", [2, 768])}, "unknown-family"),
        ({"model.diffusion_model.input_blocks.0.0.weight": ("F16", [32, 8, 3, 3])}, "unsupported-checkpoint"),
        ({"model.diffusion_model.input_blocks.0.0.weight": ("F16", [32, 4, 3, 3])}, "incomplete-checkpoint"),
        ({"decoder.conv_in.weight": ("F16", [32, 16, 3, 3]), "b": ("F16", [1])}, "unsupported-vae"),
        ({"some.weight": ("F16", [4, 4]), "other.weight": ("F16", [4, 4])}, "unknown-kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_weights_that_are_refused(tensors: dict[str, tuple[str, list[int]]], code: str, path: Path) -> None:
    assert refusal(made(path, tensors)) == code


@pytest.mark.parametrize(("dtype", "bits"), [("F16", "007e"), ("F32", "0000807f"), ("BF16", "c07f")])
def test_alphas_that_are_not_numbers(dtype: str, bits: str, path: Path) -> None:
    header, data = laid_out(HALVES | {ALPHA: (dtype, [])})
    value = bytes.fromhex(bits)
    assert refusal(raw(path, header, data[: -len(value)] + value)) == "bad-alpha"


def test_an_alpha_of_every_dtype_is_read(path: Path) -> None:
    for dtype, bits in (("F16", "0040"), ("F32", "00000040"), ("BF16", "0040"), ("I64", "0200000000000000")):
        header, data = laid_out(HALVES | {ALPHA: (dtype, [])})
        value = bytes.fromhex(bits)
        assert read_weightfile(raw(path, header, data[: -len(value)] + value)).rank == 4


def test_one_module_under_two_spellings(path: Path) -> None:
    other = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight"
    assert refusal(made(path, HALVES | {other: ("F16", [4, 768])})) == "duplicate-key"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model_index.json": {"_class_name": "FluxPipeline"}}, "unsupported-checkpoint"),
        ({"unet/config.json": {"in_channels": 8, "cross_attention_dim": 768}}, "unsupported-checkpoint"),
        ({"unet/config.json": {"in_channels": 4, "cross_attention_dim": 4096}}, "unknown-family"),
        ({"unet/config.json": {"in_channels": 4, "cross_attention_dim": [768]}}, "unknown-family"),
        ({"unet/config.json": None}, "incomplete-checkpoint"),
        ({"vae/diffusion_pytorch_model.safetensors": None}, "incomplete-checkpoint"),
        ({"unet/diffusion_pytorch_model.safetensors": "a pickle in disguise"}, "not-safetensors"),
    ],
)
def test_folders_that_are_refused(change: dict[str, Any], code: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint("sd1"), tmp_path / "it"))
    for name, content in change.items():
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    assert refusal(folder) == code
