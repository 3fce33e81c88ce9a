"""Pictures of other programs: each program's own form in, infotext's terms out."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation.imaging.foreign import read_foreign
from generation.imaging.infotext import NamedLora, ParsedInfotext
from generation.imaging.reading import read_picture_metadata

GRAPH: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 0, "steps": 20, "cfg": 8.0, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0,
            "model": ["11", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd\\dream.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat, embedding:Easy", "clip": ["12", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "bad", "clip": ["12", 0]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["13", 0]}},
    "10": {
        "class_type": "LoraLoader",
        "inputs": {"lora_name": "one.safetensors", "strength_model": 0.7, "strength_clip": 0.5, "model": ["4", 0],
                   "clip": ["4", 1]},
    },
    "11": {
        "class_type": "LoraLoader",
        "inputs": {"lora_name": "two.safetensors", "strength_model": 1, "strength_clip": 1, "model": ["10", 0],
                   "clip": ["10", 1]},
    },
    "12": {"class_type": "CLIPSetLastLayer", "inputs": {"stop_at_clip_layer": -2, "clip": ["11", 1]}},
    "13": {"class_type": "VAELoader", "inputs": {"vae_name": "fine.safetensors"}},
    "14": {"class_type": "ControlNetLoader", "inputs": {"control_net_name": "canny.safetensors"}},
}  # fmt: skip
INVOKEAI = {
    "app_version": "4.2.0", "generation_mode": "txt2img", "positive_prompt": "a dog", "negative_prompt": "cats",
    "width": 640, "height": 512, "seed": 356120443, "rand_device": "cpu", "cfg_scale": 7.5, "steps": 50,
    "scheduler": "dpmpp_2m_k", "clip_skip": 1, "seamless_x": True,
    "model": {"key": "1", "hash": "blake3:12", "name": "dreamy", "base": "sd-1", "type": "main"},
    "vae": {"name": "finer"},
    "loras": [{"model": {"name": "ink"}, "weight": 0.6}, {"lora": {"model_name": "oil"}, "weight": 0.2}],
}  # fmt: skip
FOOOCUS = {
    "prompt": "a bird", "negative_prompt": "fish", "base_model": "jugger.safetensors", "base_model_hash": "aeb7e9e689",
    "resolution": "(896, 1152)", "guidance_scale": 4.0, "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras",
    "seed": "42", "steps": 30, "sharpness": 2.0, "loras": [["lcd.safetensors", 0.1, "4852686128"]],
    "lora_combined_1": "lcd : 0.1", "refiner_model": "None", "metadata_scheme": "fooocus", "version": "Fooocus v2.5.5",
}  # fmt: skip
SWARMUI = {
    "sui_image_params": {
        "prompt": "a fish", "negativeprompt": "birds", "model": "folder/dream", "seed": 7, "steps": 12, "cfgscale": 5.5,
        "aspectratio": "1:1", "width": 512, "height": 576, "sampler": "euler_ancestral", "scheduler": "normal",
        "loras": ["style/ink", "oil"], "loraweights": ["0.33"], "clipstopatlayer": -2, "refinersteps": 9,
        "swarm_version": "0.9.4",
    }
}  # fmt: skip
NOVELAI = {
    "Software": "NovelAI",
    "Source": "Stable Diffusion XL C1E1DE52",
    "Description": "a {girl}",
    "Comment": json.dumps(
        {"steps": 28, "height": 1216, "width": 832, "scale": 5.0, "seed": 3, "noise_schedule": "karras",
         "sampler": "k_euler_ancestral", "uc": "lowres", "sm": True}
    ),
}  # fmt: skip


def png(texts: dict[str, str]) -> bytes:
    chunks, file = PngInfo(), io.BytesIO()
    for key, text in texts.items():
        chunks.add_text(key, text)
    Image.new("RGB", (40, 24)).save(file, "PNG", pnginfo=chunks)
    return file.getvalue()


def fields(read: ParsedInfotext, *keys: str) -> list[str]:
    return [read.get(key) for key in keys]


def test_comfyui() -> None:
    read = read_picture_metadata(png({"prompt": json.dumps(GRAPH)}))
    assert (read.tool, read.prompt, read.negative_prompt) == ("ComfyUI", "a cat, Easy", "bad")
    assert fields(read, "Steps", "CFG scale", "Seed", "Sampler", "Schedule type") == [
        "20", "8.0", "0", "DPM++ 2M", "Karras"
    ]  # fmt: skip
    assert fields(read, "Size-1", "Size-2", "Model", "VAE", "Clip skip") == ["512", "768", "dream", "fine", "2"]
    assert sorted(read.loras, key=lambda lora: lora.name) == [NamedLora("one", 0.7, 0.5), NamedLora("two", 1.0, 1.0)]
    assert read.leftovers == ("ControlNetLoader",)


def test_comfyui_webp_keeps_its_graph_in_a_camera_text() -> None:
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0110] = f"prompt:{json.dumps(GRAPH)}"
    exif[0x010F] = 'workflow:{"nodes": []}'
    Image.new("RGB", (40, 24)).save(file, "WEBP", exif=exif)
    assert read_picture_metadata(file.getvalue()).prompt == "a cat, Easy"


def test_comfyui_with_several_passes_tells_of_the_others() -> None:
    second = {**GRAPH, "20": {**GRAPH["3"], "inputs": {**GRAPH["3"]["inputs"], "latent_image": ["3", 0]}}}
    assert "1 more sampler passes" in read_picture_metadata(png({"prompt": json.dumps(second)})).leftovers


def test_invokeai() -> None:
    read = read_picture_metadata(png({"invokeai_metadata": json.dumps(INVOKEAI)}))
    assert (read.tool, read.prompt, read.negative_prompt) == ("InvokeAI", "a dog", "cats")
    assert fields(read, "Steps", "CFG scale", "Seed", "Sampler", "Schedule type") == [
        "50", "7.5", "356120443", "DPM++ 2M", "Karras"
    ]  # fmt: skip
    assert fields(read, "Size-1", "Size-2", "Model", "VAE", "Clip skip") == ["640", "512", "dreamy", "finer", "2"]
    assert read.loras == (NamedLora("ink", 0.6), NamedLora("oil", 0.2))
    assert read.leftovers == ("seamless_x",)


def test_invokeai_of_old() -> None:
    dream = '"a boat [storm]" -s 30 -S 99 -W 512 -H 448 -C 6.5 -A k_lms'
    read = read_picture_metadata(png({"Dream": dream}))
    assert (read.tool, read.prompt, read.negative_prompt) == ("InvokeAI", "a boat", "storm")
    assert fields(read, "Steps", "Seed", "Size-2", "CFG scale", "Sampler") == ["30", "99", "448", "6.5", "LMS"]


def test_fooocus_in_png_and_jpeg() -> None:
    exif, file = Image.Exif(), io.BytesIO()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\x00" + json.dumps(FOOOCUS).encode("utf-16-be")
    Image.new("RGB", (40, 24)).save(file, "JPEG", exif=exif)
    for data in (png({"parameters": json.dumps(FOOOCUS)}), file.getvalue()):
        read = read_picture_metadata(data)
        assert (read.tool, read.prompt, read.negative_prompt) == ("Fooocus", "a bird", "fish")
        assert fields(read, "Sampler", "Schedule type", "Seed", "Size-1", "Size-2") == [
            "DPM++ 2M SDE", "Karras", "42", "896", "1152"
        ]  # fmt: skip
        assert fields(read, "Model", "Model hash", "CFG scale") == ["jugger", "aeb7e9e689", "4.0"]
        assert read.loras == (NamedLora("lcd", 0.1, hash="4852686128"),)
        assert read.leftovers == ("sharpness",)


def test_swarmui() -> None:
    read = read_picture_metadata(png({"parameters": json.dumps(SWARMUI)}))
    assert (read.tool, read.prompt, read.negative_prompt) == ("SwarmUI", "a fish", "birds")
    assert fields(read, "Sampler", "Schedule type", "Seed", "Steps", "CFG scale", "Clip skip", "Model") == [
        "Euler a", "Normal", "7", "12", "5.5", "2", "dream"
    ]  # fmt: skip
    assert read.loras == (NamedLora("ink", 0.33), NamedLora("oil", 1.0))
    assert read.leftovers == ("refinersteps",)


def test_novelai() -> None:
    read = read_picture_metadata(png(NOVELAI))
    assert (read.tool, read.prompt, read.negative_prompt) == ("NovelAI", "a {girl}", "lowres")
    assert fields(read, "Sampler", "Schedule type", "Seed", "Steps", "CFG scale", "Size-1", "Model hash") == [
        "Euler a", "Karras", "3", "28", "5.0", "832", "C1E1DE52"
    ]  # fmt: skip
    assert read.leftovers == ("sm",)


def test_infotext_counts_before_a_graph() -> None:
    infotext = "from infotext\nSteps: 3, Seed: 4, Sampler: Euler"
    read = read_picture_metadata(png({"prompt": json.dumps(GRAPH), "parameters": infotext}))
    assert (read.prompt, read.tool) == ("from infotext", "A1111")


def test_the_pictures_size_stands_in_for_a_missing_one() -> None:
    short = {key: value for key, value in INVOKEAI.items() if key not in ("width", "height")}
    read = read_picture_metadata(png({"invokeai_metadata": json.dumps(short)}))
    assert fields(read, "Size-1", "Size-2") == ["40", "24"]


def chain(samplers: int, length: int) -> dict[str, Any]:
    links = {str(n): {"class_type": "Any", "inputs": {"a": [str(n + 1), 0], "text": 1}} for n in range(length)}
    node = GRAPH["3"]["inputs"] | {"positive": ["0", 0], "negative": ["0", 0], "model": ["0", 0]}
    return links | {f"s{n}": {"class_type": "KSampler", "inputs": node} for n in range(samplers)}


@pytest.mark.parametrize("graph", [chain(8, 590), chain(1, 599), chain(400, 190), chain(1, 50_000)])
def test_hostile_graphs_take_little_time(graph: dict[str, Any]) -> None:
    start = time.perf_counter()
    read_foreign({"prompt": json.dumps(graph)}, (8, 8))
    assert time.perf_counter() - start < 20


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_bent_metadata_never_raises(data: st.DataObject) -> None:
    """One value of each program's form is replaced by any JSON at all."""
    whole: list[tuple[str, Any]] = [
        ("prompt", json.loads(json.dumps(GRAPH))), ("invokeai_metadata", dict(INVOKEAI)), ("parameters", dict(FOOOCUS)),
        ("parameters", json.loads(json.dumps(SWARMUI))), ("Comment", json.loads(NOVELAI["Comment"])),
    ]  # fmt: skip
    key, form = data.draw(st.sampled_from(whole))
    inner = form.get("sui_image_params") or (form["3"]["inputs"] if "3" in form else form)
    inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(json_values)
    read = read_foreign({**NOVELAI, key: json.dumps(form)} if key == "Comment" else {key: json.dumps(form)}, (8, 8))
    assert read is None or all(isinstance(value, str) for value in read.fields.values())
