"""What programs call things, in the words of A1111 and of this site: settings, samplers, schedules and weight files."""

from __future__ import annotations

import json
import re
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

# Samplers and schedules under all the names that programs write, spelt as `_spelling` spells; for infotext as well.
_SAMPLERS = {
    "euler": "Euler",
    "euler_a": "Euler a",
    "euler_ancestral": "Euler a",
    "eulera": "Euler a",
    "euler_discrete": "Euler",
    "euler_ancestral_discrete": "Euler a",
    "heun": "Heun",
    "heun_discrete": "Heun",
    "lms": "LMS",
    "plms": "PLMS",
    "pndm": "PLMS",
    "ddim": "DDIM",
    "lcm": "LCM",
    "tcd": "TCD",
    "deis": "DEIS",
    "deis_multistep": "DEIS",
    "unipc": "UniPC",
    "uni_pc": "UniPC",
    "unipc_multistep": "UniPC",
    "dpm2": "DPM2",
    "dpm_2": "DPM2",
    "kdpm2": "DPM2",
    "kdpm_2": "DPM2",
    "dpm2_a": "DPM2 a",
    "dpm_2_a": "DPM2 a",
    "dpm2_ancestral": "DPM2 a",
    "dpm_2_ancestral": "DPM2 a",
    "kdpm2_a": "DPM2 a",
    "kdpm_2_a": "DPM2 a",
    "kdpm2_ancestral": "DPM2 a",
    "dpmpp_2s": "DPM++ 2S a",
    "dpmpp_2s_a": "DPM++ 2S a",
    "dpmpp_2s_ancestral": "DPM++ 2S a",
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_sde": "DPM++ SDE",
    "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_3m_sde": "DPM++ 3M SDE",
}
_SCHEDULES = {
    "": "Automatic",
    "automatic": "Automatic",
    "native": "Automatic",
    "normal": "Normal",
    "uniform": "Normal",
    "karras": "Karras",
    "exponential": "Exponential",
    "polyexponential": "Polyexponential",
    "sgm_uniform": "SGM Uniform",
    "simple": "Simple",
    "beta": "Beta",
    "ddim": "DDIM",
    "ddim_uniform": "DDIM",
}
# At the end of a sampler's name: InvokeAI's mark for Karras, and A1111's.
_KARRAS_MARKS = ("k", "ka")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_WEIGHT_SUFFIXES = (".safetensors", ".ckpt", ".pt")


def sampler_and_schedule(sampler: str, schedule: str) -> tuple[str, str]:
    """A1111's names; one that has none is handed on as it is, for `matching` to list. No schedule means Automatic.

    A schedule at the end of the sampler's name, as in `dpmpp_2m_karras`, counts where none is told besides.
    """
    plain = _spelling(sampler)
    told = _SCHEDULES.get(_spelling(schedule), schedule)
    if plain in _SAMPLERS:
        return _SAMPLERS[plain], told
    for mark, named in [*_SCHEDULES.items(), *((mark, "Karras") for mark in _KARRAS_MARKS)]:
        head = plain.removesuffix(f"_{mark}")
        if mark and head != plain and head.removesuffix("_gpu") in _SAMPLERS:
            return _SAMPLERS[head.removesuffix("_gpu")], named if told == "Automatic" else told
    return sampler, told


def _spelling(name: str) -> str:
    """A name without what programs differ in: case, blanks, hyphens, `k_` in front, `_gpu` behind, `++` for `pp`."""
    plain = _NOT_IN_NAMES.sub("_", name.casefold().replace("++", "pp")).strip("_")
    return plain.removeprefix("k_").removesuffix("_gpu").removesuffix("_scheduler")


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
