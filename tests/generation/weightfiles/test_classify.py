"""Weight files told from their headers: what they are, and every trick of a header that is refused."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

from generation.weightfiles.classify import WeightFile, classify, read_weightfile
from generation.weightfiles.hashing import hash_weights
from generation.weightfiles.safetensors_header import MAX_HEADER_BYTES, WeightFileRefused, read_header
from tests.ldm_layout import tiny_single_file, tiny_vae_file
from tests.tiny_loras import random_pairs, write_lora
from tests.tiny_weights import BUNDLED_CHECKPOINT, BUNDLED_LORAS, UNETS, tiny_checkpoint, tiny_vae

KEY = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
DOWN, UP, ALPHA = f"{KEY}.lora_down.weight", f"{KEY}.lora_up.weight", f"{KEY}.alpha"
HALVES = {DOWN: ("F16", [4, 768]), UP: ("F16", [32, 4])}


def raw(path: Path, header: Any, data: bytes = b"", length: int | None = None) -> Path:
    """A file with exactly this header, given as an object or as text."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def laid_out(tensors: dict[str, tuple[str, list[int]]], **more: Any) -> tuple[dict[str, Any], bytes]:
    """A header for zero tensors, one after the other, and their data."""
    sizes = {"F64": 8, "I64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "BOOL": 1, "U8": 1}
    header, position = dict(more), 0
    for key, (dtype, shape) in tensors.items():
        end = position + sizes[dtype] * int(torch.Size(shape).numel())
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [position, end]}
        position = end
    return header, bytes(position)


def made(path: Path, tensors: dict[str, tuple[str, list[int]]], **more: Any) -> Path:
    return raw(path, *laid_out(tensors, **more))


def refusal(path: Path) -> str:
    with pytest.raises(WeightFileRefused) as refused:
        read_weightfile(path)
    assert str(refused.value).endswith(".")
    return refused.value.code


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "it.safetensors"


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


def one_pair(module: str, width: int, rank: int = 4) -> dict[str, tuple[str, list[int]]]:
    return {f"{module}.lora_down.weight": ("F16", [rank, width]), f"{module}.lora_up.weight": ("F16", [32, rank])}


CROSS = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_v"
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
        ({"model.diffusion_model.input_blocks.0.0.weight": ("F16", [32, 9, 3, 3])}, "unsupported-checkpoint"),
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
        ({"unet/config.json": {"in_channels": 9, "cross_attention_dim": 768}}, "unsupported-checkpoint"),
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
