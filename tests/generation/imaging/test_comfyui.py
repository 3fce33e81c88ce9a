"""ComfyUI's graphs: links are followed by node type, and what cannot be followed is told, never replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generation.imaging.infotext import NamedLora, ParsedInfotext
from generation.imaging.reading import read_picture_metadata
from tests.generation.imaging.test_foreign import fields, png

PICTURES = Path(__file__).parent / "pictures"
KEYS = ("Sampler", "Schedule type", "Steps", "Seed", "CFG scale", "Size-1", "Model")

PLAIN: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 4711, "steps": 20, "cfg": 7.0, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0,
            "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dream.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 128, "height": 128, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red apple", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["8", 0]}},
}  # fmt: skip


def read(**changed: tuple[str, dict[str, Any]]) -> ParsedInfotext:
    """The plain graph with nodes (type, inputs) exchanged or added; `n6` is node 6."""
    exchanged = {key[1:]: {"class_type": kind, "inputs": inputs} for key, (kind, inputs) in changed.items()}
    return read_picture_metadata(png({"prompt": json.dumps(PLAIN | exchanged)}))


@pytest.mark.parametrize(
    ("name", "negative"),
    [
        ("sampler-custom-advanced", "blurry"),
        ("sdxl-encoder", "blurry"),
        ("text-from-a-string-node", "blurry"),
        ("zero-out-negative", ""),
    ],
)
def test_usual_graphs_keep_their_two_prompts_apart(name: str, negative: str) -> None:
    told = read_picture_metadata((PICTURES / f"{name}.png").read_bytes())
    assert (told.tool, told.prompt, told.negative_prompt) == ("ComfyUI", "a red apple", negative)
    assert told.leftovers == ()


def test_a_custom_pass_is_read_from_its_parts() -> None:
    told = read_picture_metadata((PICTURES / "sampler-custom-advanced.png").read_bytes())
    assert fields(told, *KEYS) == ["Euler", "Normal", "20", "4711", "5.0", "128", "emoji-diffusion"]


def test_a_text_from_an_unknown_node_is_told_and_no_other_takes_its_place() -> None:
    told = read(
        n6=("CLIPTextEncode", {"text": ["20", 0], "clip": ["4", 1]}),
        n20=("Translate", {"text": "ein roter Apfel", "from": ["7", 0]}),
    )
    assert (told.prompt, told.negative_prompt) == ("", "blurry")
    assert "prompt from Translate" in told.leftovers


def test_an_unknown_conditioning_is_told() -> None:
    told = read(n7=("Mystery", {"text": "not this", "conditioning": ["6", 0]}))
    assert (told.prompt, told.negative_prompt) == ("a red apple", "")
    assert "negative prompt from Mystery" in told.leftovers


def test_a_positive_prompt_from_the_negative_output_of_a_controlnet_is_the_negative_one() -> None:
    told = read(
        n3=("KSampler", PLAIN["3"]["inputs"] | {"positive": ["30", 0], "negative": ["30", 1]}),
        n30=("ControlNetApplyAdvanced", {"positive": ["6", 0], "negative": ["7", 0], "strength": 1.0}),
    )
    assert (told.prompt, told.negative_prompt) == ("a red apple", "blurry")
    assert told.leftovers == ("ControlNetApplyAdvanced",)


def test_texts_are_joined_as_the_graph_joins_them() -> None:
    told = read(
        n6=("CLIPTextEncode", {"text": ["20", 0], "clip": ["4", 1]}),
        n20=("StringConcatenate", {"string_a": ["21", 0], "string_b": "apple", "delimiter": " "}),
        n21=("PrimitiveString", {"value": "a red"}),
        n7=("ConditioningConcat", {"conditioning_to": ["40", 0], "conditioning_from": ["41", 0]}),
        n40=("CLIPTextEncode", {"text": "blurry", "clip": ["4", 1]}),
        n41=("CLIPTextEncode", {"text": "grey", "clip": ["4", 1]}),
    )
    assert (told.prompt, told.negative_prompt) == ("a red apple", "blurry BREAK grey")
    assert told.leftovers == ()


def test_reroutes_are_walked_through_to_the_right_output() -> None:
    told = read(
        n3=("KSampler", PLAIN["3"]["inputs"] | {"positive": ["50", 0], "seed": ["51", 0], "model": ["52", 0]}),
        n50=("Reroute", {"": ["30", 1]}),
        n30=("ControlNetApplyAdvanced", {"positive": ["7", 0], "negative": ["6", 0]}),
        n51=("Seed (rgthree)", {"seed": 99}),
        n52=("Reroute", {"": ["4", 0]}),
    )
    assert (told.prompt, told.get("Seed"), told.get("Model")) == ("a red apple", "99", "dream")


def test_different_texts_for_two_text_encoders_are_told() -> None:
    told = read(n6=("CLIPTextEncodeSDXL", {"text_g": "a red apple", "text_l": "ink", "clip": ["4", 1]}))
    assert told.prompt == "a red apple"
    assert told.leftovers == ("prompt of another text encoder: ink",)


def test_the_pass_that_begins_the_picture_counts() -> None:
    second = PLAIN["3"]["inputs"] | {"seed": 1, "steps": 5, "latent_image": ["60", 0], "denoise": 0.4}
    told = read(n1=("KSampler", second), n60=("LatentUpscale", {"samples": ["3", 0], "width": 256, "height": 256}))
    assert fields(told, "Seed", "Steps", "Size-1") == ["4711", "20", "128"]
    assert set(told.leftovers) == {"1 more sampler passes", "LatentUpscale"}


def test_what_a_recipe_has_no_field_for_is_told() -> None:
    told = read(
        n3=("KSamplerAdvanced", PLAIN["3"]["inputs"] | {"start_at_step": 4, "end_at_step": 10000, "noise_seed": 8}),
        n4=("ModelMergeSimple", {"model1": ["70", 0], "model2": ["71", 0]}),
        n5=("EmptyLatentImage", {"width": 128, "height": 128, "batch_size": 4}),
        n6=("ConditioningCombine", {"conditioning_1": ["7", 0], "conditioning_2": ["7", 0]}),
    )
    assert told.prompt == ""
    assert {
        "start_at_step 4", "checkpoint from ModelMergeSimple", "batch_size", "prompt from ConditioningCombine"
    } <= set(told.leftovers)  # fmt: skip


def test_sigmas_of_an_unknown_kind_keep_the_steps_and_are_told() -> None:
    told = read(
        n3=("SamplerCustom", {
            "noise_seed": 5, "cfg": 4.0, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0],
            "sampler": ["33", 0], "sigmas": ["34", 0], "latent_image": ["5", 0],
        }),
        n33=("KSamplerSelect", {"sampler_name": "heun"}),
        n34=("AlignYourStepsScheduler", {"steps": 12, "denoise": 1.0}),
    )  # fmt: skip
    assert fields(told, "Sampler", "Steps", "Seed", "CFG scale") == ["Heun", "12", "5", "4.0"]
    assert told.leftovers == ("sigmas from AlignYourStepsScheduler",)


def test_loras_and_clip_skip_are_read_along_the_chain() -> None:
    told = read(
        n3=("KSampler", PLAIN["3"]["inputs"] | {"model": ["80", 0]}),
        n80=("Power Lora Loader (rgthree)", {
            "lora_1": {"on": True, "lora": "a/one.safetensors", "strength": 0.5},
            "lora_2": {"on": False, "lora": "off.safetensors", "strength": 1}, "model": ["81", 0],
        }),
        n81=("LoraLoaderModelOnly", {"lora_name": "two.safetensors", "strength_model": 0.25, "model": ["82", 0]}),
        n82=("FreeU", {"model": ["4", 0]}),
        n6=("CLIPTextEncode", {"text": "a red apple", "clip": ["83", 0]}),
        n83=("CLIPSetLastLayer", {"stop_at_clip_layer": -2, "clip": ["4", 1]}),
    )  # fmt: skip
    assert told.loras == (NamedLora("one", 0.5), NamedLora("two", 0.25))
    assert (told.get("Model"), told.get("Clip skip"), told.leftovers) == ("dream", "2", ("FreeU",))


def test_a_graph_without_a_known_pass_says_so() -> None:
    told = read(n3=("WanSampler", {"shift": 5}))
    assert told.prompt == ""
    assert {"sampler", "WanSampler"} <= set(told.leftovers)
