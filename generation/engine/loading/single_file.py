"""Checkpoints and VAEs in one .safetensors file of the original (LDM, SGM) layout, by diffusers' single-file loader.

Such a file carries weights only; the family's folder under `configs` says the rest. Nothing touches the network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors import safe_open
from transformers import CLIPTokenizer

from generation.engine.families import Family
from generation.engine.loading.components import LoadedComponents, ready, ready_vae
from generation.engine.loading.diffusers_folder import read_scheduler_config
from generation.weightfiles.safetensors_header import WeightFileRefused

PREDICTION_WORDS = {"v": "v_prediction", "v_prediction": "v_prediction", "epsilon": "epsilon", "eps": "epsilon"}


def read_checkpoint(path: Path, family: Family, device: torch.device, dtype: torch.dtype) -> LoadedComponents:
    _check_configs(family, "checkpoints")
    clip = family.configs.parent / "clip_tokenizer"
    tokenizers = [CLIPTokenizer.from_pretrained(clip, pad_token=pad, local_files_only=True) for pad in family.pads]
    pipeline_class = StableDiffusionXLPipeline if family.text_encoders == 2 else StableDiffusionPipeline
    pipeline = pipeline_class.from_single_file(
        str(path),
        config=str(family.configs),
        local_files_only=True,
        dtype=dtype,
        **dict(zip(("tokenizer", "tokenizer_2"), tokenizers, strict=False)),
    )
    encoders = [pipeline.text_encoder, pipeline.text_encoder_2] if len(tokenizers) == 2 else [pipeline.text_encoder]
    unet = ready(pipeline.unet, device)
    return LoadedComponents(
        family=family,
        unet=unet,
        vae=ready_vae(pipeline.vae, device),
        text_encoders=tuple(ready(encoder, device) for encoder in encoders),
        tokenizers=tuple(tokenizers),
        scheduler_config=_scheduler_config(path, family, unet),
    )


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
    config = read_scheduler_config(family.configs)
    with safe_open(path, framework="pt") as file:
        prediction = PREDICTION_WORDS.get((file.metadata() or {}).get("modelspec.prediction_type", ""))
        marks = {"v_pred", "ztsnr"} & set(file.keys())
    if prediction:
        config["prediction_type"] = prediction
    elif "v_pred" in marks:
        config["prediction_type"] = "v_prediction"
    elif family.key == "sd2":
        config["prediction_type"] = "v_prediction" if predicts_velocity(unet, family.context_width) else "epsilon"
    if "ztsnr" in marks:
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
