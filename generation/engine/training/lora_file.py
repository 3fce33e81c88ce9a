"""The finished LoRA as a file: kohya's tensor names, an alpha for each module, and metadata that says how it was made.

Nothing in it depends on the clock, so that the same training gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from generation.engine.families import Family
from generation.engine.lora.file import LoraPair
from generation.engine.training.tensorfile import write_tensors
from generation.recipes.training import TrainingRecipe

PREFIXES: Mapping[int, tuple[str, ...]] = {
    1: ("lora_unet_", "lora_te_text_model_"),
    2: ("lora_unet_", "lora_te1_text_model_", "lora_te2_text_model_"),
}
"""By how many text encoders the family has: what stands before a module of the UNet and of each encoder."""

BASE_VERSIONS = {"mini": "mini", "sd1": "sd_v1", "sd2": "sd_v2", "sdxl": "sdxl_base_v1-0"}
ARCHITECTURES = {
    "mini": "mini",
    "sd1": "stable-diffusion-v1",
    "sd2": "stable-diffusion-v2",
    "sdxl": "stable-diffusion-xl-v1-base",
}

Pairs = Mapping[tuple[int, str], LoraPair]
"""By (number of the network, dotted name of the module); network 0 is the UNet."""


def write_lora(path: Path, family: Family, pairs: Pairs, metadata: Mapping[str, str]) -> None:
    """Write the pairs in float16, atomically."""
    prefixes = PREFIXES[family.text_encoders]
    tensors: dict[str, Tensor] = {}
    for (network, module), pair in pairs.items():
        key = prefixes[network] + module.removeprefix("text_model.").replace(".", "_")
        tensors[f"{key}.lora_down.weight"] = pair.down.half()
        tensors[f"{key}.lora_up.weight"] = pair.up.half()
        tensors[f"{key}.alpha"] = torch.tensor(pair.scale * pair.rank)
    write_tensors(path, tensors, metadata)


def describe(
    recipe: TrainingRecipe, family: Family, captions: Sequence[str], dataset_sha256: str, step: int
) -> dict[str, str]:
    """kohya's `ss_*` fields and ModelSpec's, and the whole recipe. `captions` are those that were learned."""
    text = "text_encoder" in recipe.parts
    return {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": f"{ARCHITECTURES[family.key]}/lora",
        "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
        "modelspec.trigger_phrase": recipe.trigger,
        "ss_base_model_version": BASE_VERSIONS[family.key],
        "ss_sd_model_name": recipe.checkpoint,
        "ss_new_sd_model_hash": recipe.checkpoint_sha256,
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(recipe.rank),
        "ss_network_alpha": str(recipe.alpha),
        "ss_unet_lr": str(recipe.learning_rate),
        "ss_text_encoder_lr": str(recipe.text_learning_rate if text else None),
        "ss_learning_rate": str(recipe.learning_rate),
        "ss_optimizer": recipe.optimizer,
        "ss_lr_scheduler": recipe.schedule,
        "ss_lr_warmup_steps": str(recipe.warmup_steps),
        "ss_max_train_steps": str(recipe.steps),
        "ss_steps": str(step),
        "ss_total_batch_size": str(recipe.batch * recipe.gradient_accumulation),
        "ss_gradient_accumulation_steps": str(recipe.gradient_accumulation),
        "ss_gradient_checkpointing": str(recipe.gradient_checkpointing),
        "ss_min_snr_gamma": str(recipe.min_snr_gamma or None),
        "ss_noise_offset": str(recipe.noise_offset or None),
        "ss_caption_dropout_rate": str(recipe.caption_dropout),
        "ss_prior_loss_weight": str(recipe.prior_weight),
        "ss_seed": str(recipe.seed),
        "ss_num_train_images": str(len(captions)),
        "ss_tag_frequency": json.dumps({"pictures": _tag_frequency(captions)}),
        "tempera_dataset_sha256": dataset_sha256,
        "tempera_training_recipe": json.dumps(recipe.to_json(), sort_keys=True),
    }


def _tag_frequency(captions: Sequence[str]) -> dict[str, int]:
    """How many captions hold each comma-separated tag, as kohya counts them."""
    tags = [tag.strip() for caption in captions for tag in caption.split(",") if tag.strip()]
    return {tag: tags.count(tag) for tag in sorted(set(tags))}
