"""Tiny random checkpoints of each family, made once a session: true layouts and context widths, the rest small.

They draw noise. For a checkpoint that draws, take `generation/bundled`. LoRAs of every format are in `tiny_loras`.
"""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

torch.set_num_threads(1)  # tiny products: more threads only wait for each other

BUNDLED = Path(__file__).parent.parent / "generation" / "bundled"
BUNDLED_CHECKPOINT = BUNDLED / "emoji-diffusion"
BUNDLED_LORAS = tuple(sorted((BUNDLED / "loras").glob("*.safetensors")))

WORDS = ("a", "the", "of", "and", "with", "on", "red", "blue", "green", "cat", "dog", "apple", "car", "photo", "house")
SPECIAL = ("<|startoftext|>", "<|endoftext|>")
UNET: dict[str, Any] = {
    "sample_size": 8,
    "block_out_channels": (32, 64),
    "layers_per_block": 2,
    "norm_num_groups": 8,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}
UNETS: dict[str, dict[str, Any]] = {
    "sd1": UNET | {"cross_attention_dim": 768, "attention_head_dim": 4},
    "sd2": UNET | {"cross_attention_dim": 1024, "attention_head_dim": (2, 4), "use_linear_projection": True},
    "sdxl": UNET
    | {
        "cross_attention_dim": 2048,
        "attention_head_dim": (2, 4),
        "use_linear_projection": True,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 2),
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 1280 + 6 * 8,
    },
}
ENCODERS = {"sd1": ((768, "quick_gelu"),), "sd2": ((1024, "gelu"),), "sdxl": ((768, "quick_gelu"), (1280, "gelu"))}
VAE_SCALES = {"sd1": 0.18215, "sd2": 0.18215, "sdxl": 0.13025}
PREDICTIONS = {"sd1": "epsilon", "sd2": "v_prediction", "sdxl": "epsilon"}
PADS = {"text_encoder": "<|endoftext|>", "text_encoder_2": "!"}


@functools.cache
def session_folder() -> Path:
    """A folder that lives as long as the process."""
    folder = Path(tempfile.mkdtemp(prefix="tempera-tiny-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def tiny_checkpoint(family: str = "sd1", seed: int = 0, channels: int = 4) -> Path:
    """A diffusers folder of the family (sd1, sd2 or sdxl) with random float16 weights; equal seeds give equal files.

    Its UNet takes so many `channels`: with 9 it is an inpainting checkpoint.
    """
    return _made_checkpoint(family, seed, channels)


@functools.cache
def _made_checkpoint(family: str, seed: int, channels: int) -> Path:
    folder = session_folder() / f"tiny-{family}-{seed}-{channels}"
    with _seeded(seed):
        UNet2DConditionModel(**UNETS[family], in_channels=channels).half().save_pretrained(folder / "unet")
        tiny_vae_network(VAE_SCALES[family]).half().save_pretrained(folder / "vae")
        for place, (width, activation) in zip(PADS, ENCODERS[family], strict=False):
            tiny_encoder(width, activation, place).half().save_pretrained(folder / place)
            write_tokenizer(folder / place.replace("text_encoder", "tokenizer"), PADS[place])
    tiny_scheduler(PREDICTIONS[family]).save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(_index(family)))
    return folder


@functools.cache
def tiny_vae(seed: int = 7) -> Path:
    """A separate VAE in diffusers' layout."""
    folder = session_folder() / f"tiny-vae-{seed}"
    with _seeded(seed):
        tiny_vae_network(0.18215).half().save_pretrained(folder)
    return folder


def tiny_vae_network(scaling_factor: float) -> AutoencoderKL:
    """Eight pixels a side for one latent, as the real ones."""
    return AutoencoderKL(
        block_out_channels=(8, 16, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=4,
        latent_channels=4,
        scaling_factor=scaling_factor,
        force_upcast=False,
    )


def tiny_encoder(width: int, activation: str, place: str) -> CLIPTextModel | CLIPTextModelWithProjection:
    """Two layers; the widths of the text states are those of the family."""
    vocabulary = tiny_vocabulary()[0]
    config = CLIPTextConfig(
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=64,
        projection_dim=width,
        num_hidden_layers=2,
        num_attention_heads=4,
        hidden_act=activation,
        bos_token_id=vocabulary[SPECIAL[0]],
        eos_token_id=vocabulary[SPECIAL[1]],
        pad_token_id=vocabulary[PADS[place]],
    )
    return (CLIPTextModelWithProjection if place == "text_encoder_2" else CLIPTextModel)(config)


def tiny_scheduler(prediction_type: str) -> EulerDiscreteScheduler:
    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type=prediction_type,
        steps_offset=1,
    )


@functools.cache
def tiny_vocabulary() -> tuple[dict[str, int], list[str]]:
    """CLIP's byte-pair vocabulary cut down to single bytes and a few whole words: (token ids, merges)."""
    letters = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 256))]
    letters += [chr(256 + number) for number in range(256 - len(letters))]
    tokens, merges = [*letters, *(letter + "</w>" for letter in letters)], []
    for word in WORDS:
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            parts[:2] = [parts[0] + parts[1]]
            merge = f"{parts[0].removesuffix('</w>')[:-1]} {parts[0].removeprefix(parts[0].removesuffix('</w>')[:-1])}"
            if parts[0] not in tokens:
                tokens.append(parts[0])
                merges.append(merge)
    return {token: number for number, token in enumerate([*tokens, *SPECIAL])}, merges


def write_tokenizer(folder: Path, pad: str) -> None:
    """A CLIPTokenizer folder with 75 + 2 tokens a chunk."""
    folder.mkdir(parents=True)
    vocabulary, merges = tiny_vocabulary()
    (folder / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), "utf-8")
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": 77,
        "bos_token": SPECIAL[0],
        "eos_token": SPECIAL[1],
        "unk_token": SPECIAL[1],
        "pad_token": pad,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")


def _index(family: str) -> dict[str, Any]:
    parts = {"scheduler": ["diffusers", "EulerDiscreteScheduler"], "unet": ["diffusers", "UNet2DConditionModel"]}
    parts |= {"vae": ["diffusers", "AutoencoderKL"], "tokenizer": ["transformers", "CLIPTokenizer"]}
    parts |= {"text_encoder": ["transformers", "CLIPTextModel"]}
    if family != "sdxl":
        empty = {"safety_checker": [None, None], "feature_extractor": [None, None]}
        return {"_class_name": "StableDiffusionPipeline", "requires_safety_checker": False, **parts, **empty}
    parts |= {"tokenizer_2": ["transformers", "CLIPTokenizer"]}
    parts |= {"text_encoder_2": ["transformers", "CLIPTextModelWithProjection"]}
    return {"_class_name": "StableDiffusionXLPipeline", "force_zeros_for_empty_prompt": True, **parts}


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
