"""The node types of ComfyUI, and of its widespread extensions, whose inputs are understood; `comfyui` walks by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SAMPLERS = frozenset(
    {
        "KSampler", "KSamplerAdvanced", "SamplerCustom", "SamplerCustomAdvanced", "KSampler (Efficient)",
        "KSampler Adv. (Efficient)", "KSampler (WAS)", "BNK_TiledKSampler",
    }
)  # fmt: skip
LIKE_A_SAMPLER = frozenset({"steps", "cfg", "sampler_name", "positive"})
"""A pass of an unknown type, looked for where there is no known one."""

SETTINGS = {"steps": "Steps", "cfg": "CFG scale", "seed": "Seed", "noise_seed": "Seed", "denoise": "Denoising strength"}

# For each part of a custom pass its node types: their inputs in a plain pass's words, after "=" what a type implies.
PARTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "noise": {"RandomNoise": {}},
    "guider": {"CFGGuider": {}, "BasicGuider": {"conditioning": "positive", "=cfg": 1.0}},
    "sampler": {
        "KSamplerSelect": {},
        "SamplerEulerAncestral": {"=sampler_name": "euler_ancestral"},
        "SamplerDPMPP_2M_SDE": {"=sampler_name": "dpmpp_2m_sde"},
        "SamplerDPMPP_3M_SDE": {"=sampler_name": "dpmpp_3m_sde"},
        "SamplerDPMPP_SDE": {"=sampler_name": "dpmpp_sde"},
        "SamplerDPMPP_2S_Ancestral": {"=sampler_name": "dpmpp_2s_ancestral"},
        "SamplerLMS": {"=sampler_name": "lms"},
    },
    "sigmas": {
        "BasicScheduler": {},
        "KarrasScheduler": {"=scheduler": "karras"},
        "ExponentialScheduler": {"=scheduler": "exponential"},
        "PolyexponentialScheduler": {"=scheduler": "polyexponential"},
    },
}

# What the parts of a custom pass usually say of things that a recipe has no field for; anything else is told.
USUAL = {
    "sigma_max": 14.614642, "sigma_min": 0.0291675, "rho": 7.0, "eta": 1.0, "s_noise": 1.0, "order": 4, "r": 0.5,
    "solver_type": "midpoint",
}  # fmt: skip

# Text encoders and their texts, the first the one that counts where they differ.
TEXT_ENCODERS = {
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeSDXL": ("text_g", "text_l"),
    "CLIPTextEncodeSDXLRefiner": ("text",),
    "CLIPTextEncodeFlux": ("t5xxl", "clip_l"),
    "CLIPTextEncodeSD3": ("clip_g", "clip_l", "t5xxl"),
    "BNK_CLIPTextEncodeAdvanced": ("text",),
    "BNK_CLIPTextEncodeSDXLAdvanced": ("text_g", "text_l"),
    "smZ CLIPTextEncode": ("text",),
    "CLIPTextEncode (A1111)": ("text",),
}
ZEROED = frozenset({"ConditioningZeroOut"})

# Nodes that change a conditioning and not its words; for each of their outputs, the input that it comes from.
PASSED_ON = {
    "ConditioningSetArea": ("conditioning",),
    "ConditioningSetAreaPercentage": ("conditioning",),
    "ConditioningSetAreaStrength": ("conditioning",),
    "ConditioningSetMask": ("conditioning",),
    "ConditioningSetTimestepRange": ("conditioning",),
    "ControlNetApply": ("conditioning",),
    "ControlNetApplyAdvanced": ("positive", "negative"),
    "ControlNetApplySD3": ("positive", "negative"),
    "FluxGuidance": ("conditioning",),
    "GLIGENTextBoxApply": ("conditioning_to",),
    "InpaintModelConditioning": ("positive", "negative"),
    "StyleModelApply": ("conditioning",),
    "unCLIPConditioning": ("conditioning",),
    "Efficient Loader": ("", "positive", "negative"),
}
LOADERS_WITH_PROMPTS = frozenset({"Efficient Loader"})

REROUTES = frozenset({"Reroute", "ReroutePrimitive|pysssss", "Reroute (rgthree)"})

# Nodes that hold one plain value, and the input that holds it.
VALUES = {
    "PrimitiveString": "value",
    "PrimitiveStringMultiline": "value",
    "PrimitiveInt": "value",
    "PrimitiveFloat": "value",
    "PrimitiveNode": "value",
    "String": "String",
    "String Literal": "string",
    "Text Multiline": "text",
    "Text String": "text",
    "Text box": "text",
    "CR Text": "text",
    "CR Prompt Text": "prompt",
    "CR Seed": "seed",
    "CR Integer To String": "int_",
    "StringConstant": "string",
    "StringConstantMultiline": "string",
    "SimpleText": "text",
    "Simple String": "string",
    "ttN text": "text",
    "easy positive": "positive",
    "easy negative": "negative",
    "easy string": "value",
    "easy int": "value",
    "easy float": "value",
    "easy seed": "seed",
    "Seed (rgthree)": "seed",
    "Seed Everywhere": "seed",
    "Seed": "seed",
    "INTConstant": "value",
    "FloatConstant": "value",
    "Int Literal": "int",
    "Float Literal": "float",
    "JWInteger": "value",
    "JWFloat": "value",
    "JWString": "text",
    "JWStringMultiline": "text",
    "PrimitiveBoolean": "value",
    "ImpactWildcardProcessor": "populated_text",
    "ShowText|pysssss": "text",
    "Sampler Selector": "sampler_name",
    "Scheduler Selector": "scheduler",
    "SamplerSelector": "sampler_name",
    "SchedulerSelector": "scheduler",
}

# Nodes that join texts: their inputs in order, and what stands between where no delimiter is told.
JOINED_TEXTS = {
    "StringConcatenate": (("string_a", "string_b"), ""),
    "Text Concatenate": (("text_a", "text_b", "text_c", "text_d"), ", "),
    "CR Text Concatenate": (("text1", "text2"), ""),
    "JoinStrings": (("string1", "string2"), " "),
    "ConcatText_Zho": (("text_1", "text_2"), ""),
}

CHECKPOINTS = {
    "CheckpointLoaderSimple": "ckpt_name",
    "CheckpointLoader": "ckpt_name",
    "CheckpointLoader|pysssss": "ckpt_name",
    "CheckpointLoaderNF4": "ckpt_name",
    "Checkpoint Loader": "ckpt_name",
    "Checkpoint Loader (Simple)": "ckpt_name",
    "unCLIPCheckpointLoader": "ckpt_name",
    "ImageOnlyCheckpointLoader": "ckpt_name",
    "Efficient Loader": "ckpt_name",
    "UNETLoader": "unet_name",
}
LORAS = frozenset({"LoraLoader", "LoraLoaderModelOnly", "LoraLoader|pysssss", "Load Lora"})
EMPTY_LATENTS = {
    "EmptyLatentImage": ("width", "height"),
    "EmptySD3LatentImage": ("width", "height"),
    "Efficient Loader": ("empty_latent_width", "empty_latent_height"),
}
DECODERS = frozenset({"VAEDecode", "VAEDecodeTiled"})

# Said by the picture itself, or without any effect on it.
QUIET = frozenset(
    {
        *DECODERS, *REROUTES, "SaveImage", "PreviewImage", "Image Save", "SaveImageWebsocket", "Note", "MarkdownNote",
        "CheckpointLoaderSimple", "CLIPLoader", "DualCLIPLoader", "PreviewAny", "Image Comparer (rgthree)",
    }
)  # fmt: skip
