"""What other programs call things, in A1111's words: settings, samplers, schedules and weight files."""

from __future__ import annotations

import json
from typing import Any

# Their settings (as sd-parsers gives them) to infotext's keys.
FIELDS = {
    "steps": "Steps",
    "cfg_scale": "CFG scale",
    "seed": "Seed",
    "noise_seed": "Seed",
    "width": "Size-1",
    "height": "Size-2",
    "clip_skip": "Clip skip",
    "vae": "VAE",
    "denoise": "Denoising strength",
}

# Said by the picture itself, or without any effect on it.
UNTOLD = frozenset(
    {
        "app_version", "aspectratio", "created_by", "date", "full_negative_prompt", "full_prompt", "generation_mode",
        "generation_time", "images", "metadata_scheme", "model", "n_samples", "negative_prompt",
        "negative_style_prompt", "personalization", "positive_prompt", "positive_style_prompt", "prompt",
        "rand_device", "request_type", "signed_hash", "swarm_version", "version",
    }
)  # fmt: skip

_SAMPLERS = {
    "euler": "Euler",
    "euler_a": "Euler a",
    "euler_ancestral": "Euler a",
    "heun": "Heun",
    "lms": "LMS",
    "ddim": "DDIM",
    "plms": "PLMS",
    "pndm": "PLMS",
    "lcm": "LCM",
    "tcd": "TCD",
    "deis": "DEIS",
    "unipc": "UniPC",
    "uni_pc": "UniPC",
    "dpm_2": "DPM2",
    "kdpm_2": "DPM2",
    "dpm_2_ancestral": "DPM2 a",
    "kdpm_2_a": "DPM2 a",
    "dpmpp_2s": "DPM++ 2S a",
    "dpmpp_2s_ancestral": "DPM++ 2S a",
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_sde": "DPM++ SDE",
    "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_3m_sde": "DPM++ 3M SDE",
}
_SCHEDULES = {
    "normal": "Normal",
    "native": "Automatic",
    "karras": "Karras",
    "exponential": "Exponential",
    "polyexponential": "Polyexponential",
    "sgm_uniform": "SGM Uniform",
    "simple": "Simple",
    "beta": "Beta",
    "ddim_uniform": "DDIM",
}
_WEIGHT_SUFFIXES = (".safetensors", ".ckpt", ".pt")


def sampler_and_schedule(sampler: str, schedule: str) -> tuple[str, str]:
    """A1111's names; one that has none is handed on as it is, for `matching` to list. No schedule means Automatic."""
    plain = sampler.lower().removeprefix("k_").removesuffix("_gpu")
    if plain.endswith("_k") and plain[:-2] in _SAMPLERS:  # InvokeAI's mark for Karras
        plain, schedule = plain[:-2], schedule or "karras"
    # InvokeAI has one field, called scheduler, for the sampler; sd-parsers gives it as both.
    if schedule == sampler:
        schedule = ""
    return _SAMPLERS.get(plain, sampler), _SCHEDULES.get(schedule.lower(), schedule) or "Automatic"


def stem(name: str) -> str:
    """The bare name of a weight file: no folders of either slash, no suffix."""
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    return next((bare.removesuffix(suffix) for suffix in _WEIGHT_SUFFIXES if bare.endswith(suffix)), bare)


def json_object(text: str) -> dict[str, Any]:
    """The JSON object that a text is, or an empty one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def number(value: object) -> float:
    """A weight as other programs write it; a missing one is 1."""
    return float(value) if isinstance(value, int | float | str) else 1.0
