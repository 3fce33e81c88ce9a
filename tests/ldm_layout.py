"""Diffusers' tensor names turned into those of the original (LDM, SGM) single-file layout, the other way round than the
loader does it and written apart from it."""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.tiny_weights import session_folder, tiny_checkpoint

Tensors = dict[str, Tensor]
Rules = tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]

RESNET: Rules = (
    (r"\.norm1\.", ".in_layers.0."),
    (r"\.conv1\.", ".in_layers.2."),
    (r"\.norm2\.", ".out_layers.0."),
    (r"\.conv2\.", ".out_layers.3."),
    (r"\.time_emb_proj\.", ".emb_layers.1."),
    (r"\.conv_shortcut\.", ".skip_connection."),
)
UNET: Rules = (
    (r"^conv_in\.", "input_blocks.0.0."),
    (r"^time_embedding\.linear_1\.", "time_embed.0."),
    (r"^time_embedding\.linear_2\.", "time_embed.2."),
    (r"^add_embedding\.linear_1\.", "label_emb.0.0."),
    (r"^add_embedding\.linear_2\.", "label_emb.0.2."),
    (r"^conv_norm_out\.", "out.0."),
    (r"^conv_out\.", "out.2."),
    (r"^down_blocks\.(\d+)\.resnets\.(\d+)", lambda m: f"input_blocks.{3 * int(m[1]) + int(m[2]) + 1}.0"),
    (r"^down_blocks\.(\d+)\.attentions\.(\d+)", lambda m: f"input_blocks.{3 * int(m[1]) + int(m[2]) + 1}.1"),
    (r"^down_blocks\.(\d+)\.downsamplers\.0\.conv", lambda m: f"input_blocks.{3 * int(m[1]) + 3}.0.op"),
    (r"^mid_block\.resnets\.(\d+)", lambda m: f"middle_block.{2 * int(m[1])}"),
    (r"^mid_block\.attentions\.0", "middle_block.1"),
    (r"^up_blocks\.(\d+)\.resnets\.(\d+)", lambda m: f"output_blocks.{3 * int(m[1]) + int(m[2])}.0"),
    (r"^up_blocks\.(\d+)\.attentions\.(\d+)", lambda m: f"output_blocks.{3 * int(m[1]) + int(m[2])}.1"),
)
VAE: Rules = (
    (r"down_blocks\.(\d+)\.resnets\.(\d+)", r"down.\1.block.\2"),
    (r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample"),
    (r"up_blocks\.(\d+)\.resnets\.(\d+)", lambda m: f"up.{3 - int(m[1])}.block.{m[2]}"),
    (r"up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"up.{3 - int(m[1])}.upsample"),
    (r"mid_block\.resnets\.(\d+)", lambda m: f"mid.block_{int(m[1]) + 1}"),
    (r"mid_block\.attentions\.0\.group_norm", "mid.attn_1.norm"),
    (r"mid_block\.attentions\.0\.to_([qkv])", r"mid.attn_1.\1"),
    (r"mid_block\.attentions\.0\.to_out\.0", "mid.attn_1.proj_out"),
    (r"conv_norm_out", "norm_out"),
    (r"conv_shortcut", "nin_shortcut"),
)
OPEN_CLIP: Rules = (
    (r"^embeddings\.position_embedding\.weight", "positional_embedding"),
    (r"^embeddings\.", ""),
    (r"^final_layer_norm", "ln_final"),
    (r"^encoder\.layers\.", "transformer.resblocks."),
    (r"layer_norm1", "ln_1"),
    (r"layer_norm2", "ln_2"),
    (r"mlp\.fc1", "mlp.c_fc"),
    (r"mlp\.fc2", "mlp.c_proj"),
    (r"self_attn\.out_proj", "attn.out_proj"),
)


@functools.cache
def tiny_single_file(family: str = "sd1", **metadata: str) -> Path:
    """The tiny checkpoint of the family as one file; load it with the configs of `tiny_configs`."""
    folder, name = tiny_checkpoint(family), "-".join(["tiny", family, *metadata.values()])
    path = session_folder() / f"{name}.safetensors"
    save_file(single_file_tensors(folder, family), path, metadata=metadata)
    return path


@functools.cache
def tiny_vae_file(folder: Path) -> Path:
    """A VAE alone in the original layout."""
    path = session_folder() / f"{folder.name}-ldm.safetensors"
    save_file(ldm_vae(_weights(folder)), path)
    return path


def single_file_tensors(folder: Path, family: str) -> Tensors:
    """All weights of a diffusers folder under the names of the original layout."""
    parts = ("unet", "vae", "text_encoder", *(["text_encoder_2"] if family == "sdxl" else []))
    return in_one_file({part: _weights(folder / part) for part in parts}, family)


def in_one_file(parts: Mapping[str, Tensors], family: str) -> Tensors:
    """The tensors of each part of a checkpoint under the names of the original layout."""
    found = {f"model.diffusion_model.{key}": value for key, value in ldm_unet(parts["unet"]).items()}
    found |= {f"first_stage_model.{key}": value for key, value in ldm_vae(parts["vae"]).items()}
    first = parts["text_encoder"]
    if family == "sd1":
        return found | {f"cond_stage_model.transformer.text_model.{key}": value for key, value in first.items()}
    if family == "sd2":
        return found | {f"cond_stage_model.model.{key}": value for key, value in open_clip(first).items()}
    second = open_clip(parts["text_encoder_2"])
    found |= {f"conditioner.embedders.0.transformer.text_model.{key}": value for key, value in first.items()}
    return found | {f"conditioner.embedders.1.model.{key}": value for key, value in second.items()}


def ldm_unet(tensors: Mapping[str, Tensor]) -> Tensors:
    with_attention = {key.split(".")[1] for key in tensors if re.match(r"up_blocks\.\d+\.attentions", key)}

    def upsampler(found: re.Match[str]) -> str:
        return f"output_blocks.{3 * int(found[1]) + 2}.{2 if found[1] in with_attention else 1}.conv"

    rules: Rules = (*UNET, (r"^up_blocks\.(\d+)\.upsamplers\.0\.conv", upsampler))
    return {
        _renamed(key, (*rules, *(RESNET if ".resnets." in key else ()))): value.contiguous()
        for key, value in tensors.items()
    }


def ldm_vae(tensors: Mapping[str, Tensor]) -> Tensors:
    found = {_renamed(key, VAE): value for key, value in tensors.items()}
    square = re.compile(r"mid\.attn_1\.(q|k|v|proj_out)\.weight")  # 1x1 convolutions in the original
    return {key: value[:, :, None, None] if square.search(key) else value for key, value in found.items()}


def open_clip(tensors: Mapping[str, Tensor]) -> Tensors:
    """OpenCLIP keeps query, key and value in one matrix and its projection turned."""
    plain = {key.removeprefix("text_model."): value for key, value in tensors.items()}
    found: Tensors = {}
    for key, value in plain.items():
        if key == "text_projection.weight":
            found["text_projection"] = value.T.contiguous()
        elif part := re.fullmatch(r"(.+)\.self_attn\.q_proj\.(weight|bias)", key):
            joined = torch.cat([plain[key.replace("q_proj", f"{letter}_proj")] for letter in "qkv"])
            found[f"{_renamed(part[1] + '.', OPEN_CLIP)}attn.in_proj_{part[2]}"] = joined
        elif not re.search(r"self_attn\.[kv]_proj", key):
            found[_renamed(key, OPEN_CLIP)] = value
    return found


def _renamed(key: str, rules: Rules) -> str:
    for pattern, replacement in rules:
        key = re.sub(pattern, replacement, key)
    return key


def _weights(folder: Path) -> Tensors:
    return load_file(next(folder.glob("*.safetensors")))


@functools.cache
def tiny_configs() -> Path:
    """A folder as `generation/engine/configs`, but with the sizes and the vocabulary of the tiny checkpoints."""
    root = session_folder() / "tiny-configs"
    for family in ("sd1", "sd2", "sdxl"):
        shutil.copytree(
            tiny_checkpoint(family), root / family, ignore=shutil.ignore_patterns("*.safetensors", "token*")
        )
    shutil.copytree(tiny_checkpoint("sd1") / "tokenizer", root / "clip_tokenizer")
    return root
