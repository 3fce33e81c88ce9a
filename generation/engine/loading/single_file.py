"""Checkpoints and VAEs in one .safetensors file of the original (LDM, SGM) layout, by diffusers' single-file loader.

Such a file carries weights only; the family's folder under `configs` says the rest. Nothing touches the network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPTokenizer

from generation.engine.families import Family
from generation.engine.loading.components import LoadedComponents, ready, ready_vae
from generation.engine.loading.diffusers_folder import ENCODERS, read_scheduler_config
from generation.weightfiles.kinds import INPAINTING_CHANNELS, UNET_STEM
from generation.weightfiles.noise_marks import read_noise_marks
from generation.weightfiles.safetensors_header import WeightFileRefused, read_header
from generation.weightfiles.single_files import AVERAGES, usual_name


def read_checkpoint(path: Path, family: Family, device: torch.device, dtype: torch.dtype) -> LoadedComponents:
    _check_configs(family, "checkpoints")
    clip = family.configs.parent / "clip_tokenizer"
    tensors, configs = _tensors(path), {"config": str(family.configs), "local_files_only": True}
    channels = tensors[UNET_STEM].shape[1]
    unet = ready(
        UNet2DConditionModel.from_single_file(tensors, subfolder="unet", dtype=dtype, in_channels=channels, **configs),
        device,
    )
    vae = AutoencoderKL.from_single_file(tensors, subfolder="vae", dtype=dtype, **configs)
    encoders = [
        create_diffusers_clip_model_from_ldm(kind, tensors, subfolder=name, torch_dtype=dtype, **configs)
        for name, _, kind in ENCODERS[: family.text_encoders]
    ]
    return LoadedComponents(
        family=family,
        unet=unet,
        vae=ready_vae(vae, device),
        text_encoders=tuple(ready(encoder, device) for encoder in encoders),
        tokenizers=tuple(
            CLIPTokenizer.from_pretrained(clip, pad_token=pad, local_files_only=True) for pad in family.pads
        ),
        scheduler_config=_scheduler_config(path, family, unet),
    )


def _tensors(path: Path) -> dict[str, Tensor]:
    """All weights under their usual names, without averages that were saved beside them; still mapped from the disk."""
    return {usual_name(key): value for key, value in load_file(path).items() if not key.startswith(AVERAGES)}


def read_vae(path: Path, family: Family, device: torch.device, dtype: torch.dtype) -> Any:
    """A VAE file does not say for which family it is; its scaling factor is that of the checkpoint's family."""
    _check_configs(family, "VAEs")
    config = str(family.configs)
    vae = AutoencoderKL.from_single_file(str(path), config=config, subfolder="vae", local_files_only=True, dtype=dtype)
    return ready_vae(vae, device)


def _check_configs(family: Family, what: str) -> None:
    if not family.configs.is_dir():
        raise WeightFileRefused("unsupported-layout", f"{family.title} {what} are taken as folders only.")


def _scheduler_config(path: Path, family: Family, unet: Any) -> dict[str, Any]:
    """The family's noise schedule with this file's kind of prediction: what it says, else what its answers show."""
    header, config = read_header(path), read_scheduler_config(family.configs)
    marks = read_noise_marks(header.tensors, header.metadata)
    if marks.prediction:
        config["prediction_type"] = marks.prediction
    elif family.key == "sd2":
        # Its inpainting checkpoint predicts epsilon; what it answers hangs on mask and source.
        plain = unet.config.in_channels != INPAINTING_CHANNELS
        velocity = plain and predicts_velocity(unet, family.context_width)
        config["prediction_type"] = "v_prediction" if velocity else "epsilon"
    if marks.zero_terminal_snr:
        config |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return config


@torch.inference_mode()
def predicts_velocity(unet: Any, context_width: int) -> bool:
    """SD 2.0 and 2.1 came in both kinds with equal shapes; A1111 tells them apart by one call, and so does this.

    At the last timestep an epsilon UNet gives back about what it got; a velocity UNet answers far below it.
    """
    like = {"device": unet.device, "dtype": unet.dtype}
    sample = torch.full((1, 4, 8, 8), 0.5, **like)
    text = torch.full((1, 2, context_width), 0.5, **like)
    answer = unet(sample, torch.tensor([999], device=unet.device), encoder_hidden_states=text, return_dict=False)[0]
    return float((answer - sample).mean()) < -1
