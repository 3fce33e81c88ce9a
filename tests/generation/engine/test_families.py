"""The families' table, and the configs that stand in for what a single file does not say."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from accelerate import init_empty_weights
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from generation.engine.families import CONFIGS, FAMILIES, Family
from generation.weightfiles.kinds import CONTEXT_WIDTHS

SINGLE_FILE = [family for family in FAMILIES.values() if family.configs.is_dir()]
PUBLISHED = {
    "sd1": {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480},
    "sd2": {"unet": 865_910_724, "vae": 83_653_863, "text_encoder": 340_387_840},
    "sdxl": {
        "unet": 2_567_463_684,
        "vae": 83_653_863,
        "text_encoder": 123_060_480,
        "text_encoder_2": 694_659_840,
    },
}
"""Parameters of the published checkpoints."""

CLASSES: dict[str, Any] = {
    "unet": UNet2DConditionModel,
    "vae": AutoencoderKL,
    "text_encoder": CLIPTextModel,
    "text_encoder_2": CLIPTextModelWithProjection,
}


def test_a_family_is_known_by_its_context_width() -> None:
    assert {family.context_width: key for key, family in FAMILIES.items()} == CONTEXT_WIDTHS
    assert all(key == family.key and len(family.pads) == family.text_encoders for key, family in FAMILIES.items())


def test_every_family_with_an_original_layout_has_configs() -> None:
    assert [family.key for family in SINGLE_FILE] == ["sd1", "sd2", "sdxl"]


@pytest.mark.parametrize(
    ("family", "part"), [(family, part) for family in PUBLISHED for part in PUBLISHED[family]], ids="-".join
)
def test_the_configs_make_networks_of_the_published_sizes(family: str, part: str) -> None:
    config = json.loads((CONFIGS / family / part / "config.json").read_text())
    with init_empty_weights():
        if part.startswith("text"):
            network = CLASSES[part](CLIPTextConfig(**config))
        else:
            network = CLASSES[part].from_config(config)
    assert sum(weight.numel() for weight in network.parameters()) == PUBLISHED[family][part]


@pytest.mark.parametrize("family", SINGLE_FILE, ids=lambda family: family.key)
def test_unets_attend_to_what_the_encoders_give(family: Family) -> None:
    def config(part: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((family.configs / part / "config.json").read_text())
        return found

    encoders = ["text_encoder", "text_encoder_2"][: family.text_encoders]
    assert config("unet")["cross_attention_dim"] == family.context_width
    assert sum(config(encoder)["hidden_size"] for encoder in encoders) == family.context_width


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("a photo of a cat", [49406, 320, 1125, 539, 320, 2368, 49407]),
        ("A photo of a CAT", [49406, 320, 1125, 539, 320, 2368, 49407]),
        ("", [49406, 49407]),
        ("hello world!", [49406, 3306, 1002, 256, 49407]),
    ],
)
def test_the_vocabulary_is_clips(text: str, ids: list[int]) -> None:
    tokenizer = CLIPTokenizer.from_pretrained(CONFIGS / "clip_tokenizer", local_files_only=True)
    assert tokenizer(text).input_ids == ids
    assert (len(tokenizer), tokenizer.model_max_length) == (49408, 77)


def test_the_vocabulary_comes_with_its_licence() -> None:
    assert "Copyright (c) 2021 OpenAI" in (CONFIGS / "clip_tokenizer" / "LICENCE").read_text()


def test_padding_is_the_familys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", None)
    pads: dict[str, list[int]] = {}
    for family in SINGLE_FILE:
        for pad in family.pads:
            tokenizer = CLIPTokenizer.from_pretrained(CONFIGS / "clip_tokenizer", pad_token=pad, local_files_only=True)
            pads.setdefault(family.key, []).append(tokenizer.pad_token_id)
    assert pads == {"sd1": [49407], "sd2": [0], "sdxl": [49407, 0]}
