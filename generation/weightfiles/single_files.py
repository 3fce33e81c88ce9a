"""Whether a checkpoint or a VAE in one file has all that its loader needs, told from its header's names and shapes.

Names are those of the original layout (LDM, SGM); a VAE may also have diffusers' own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from generation.weightfiles.networks import (
    CLIP,
    DIFFUSERS_VAE,
    LABELS,
    LDM_UNET,
    LDM_VAE,
    OPEN_CLIP,
    Network,
    check_network,
)
from generation.weightfiles.safetensors_header import TensorEntry, WeightFileRefused

UNET, VAE, AVERAGES = "model.diffusion_model.", "first_stage_model.", "model_ema."
PUBLISHED_WIDTH = 320
PUBLISHED_BLOCKS = {"sd1": (12, 16), "sd2": (12, 16), "sdxl": (9, 70)}
"""Input blocks and transformer blocks of the published UNets, all of this width; distilled ones have fewer."""

ENCODERS: Mapping[str, tuple[tuple[str, Network, tuple[str, ...]], ...]] = {
    "sd1": (("cond_stage_model.transformer.text_model.", CLIP, ()),),
    "sd2": (("cond_stage_model.model.", OPEN_CLIP, ()),),
    "sdxl": (
        ("conditioner.embedders.0.transformer.text_model.", CLIP, ()),
        ("conditioner.embedders.1.model.", OPEN_CLIP, ("text_projection",)),
    ),
}
"""Of each family: where a text encoder's names begin, what it consists of, and what it needs besides."""

_SCALED = re.compile(r"(?:^|\.)(?:scaled_fp8|comfy_quant|(?:weight_)?scale_(?:weight|input)|weight_scale(?:_2)?)$")
_CLIP_WITHOUT_MODEL = re.compile(
    r"^(cond_stage_model\.transformer\.|conditioner\.embedders\.0\.transformer\.)"
    r"(?=embeddings\.|encoder\.|final_layer_norm\.)"
)


def usual_name(key: str) -> str:
    """The name by which loaders know a tensor: many old merges leave out a step in those of the text encoder."""
    return _CLIP_WITHOUT_MODEL.sub(r"\1text_model.", key)


def check_checkpoint(tensors: Mapping[str, TensorEntry], family: str) -> None:
    """Raise WeightFileRefused unless a checkpoint of the family has every tensor that is needed to draw with it."""
    _refuse_scaled(tensors)
    named = {usual_name(key): entry for key, entry in tensors.items()}
    check_network(LDM_UNET, _below(UNET, named), LABELS if family == "sdxl" else ())
    check_network(LDM_VAE, _below(VAE, named))
    for prefix, network, more in ENCODERS.get(family, ()):
        check_network(network, _below(prefix, named), more)
    _check_blocks(_below(UNET, named), family)


def check_vae(tensors: Mapping[str, TensorEntry]) -> None:
    """Raise WeightFileRefused unless the file has every tensor of a VAE, in the original or in diffusers' layout."""
    _refuse_scaled(tensors)
    plain = {key.removeprefix(VAE): entry for key, entry in tensors.items()}
    of_diffusers = any(".mid_block." in key for key in plain)
    check_network(DIFFUSERS_VAE if of_diffusers else LDM_VAE, plain)


def _refuse_scaled(tensors: Iterable[str]) -> None:
    if any(_SCALED.search(key) for key in tensors):
        raise WeightFileRefused(
            "unsupported-quantization", "The file's weights are quantized with scales, which Tempera does not read."
        )


def _below(prefix: str, tensors: Mapping[str, TensorEntry]) -> dict[str, TensorEntry]:
    return {key.removeprefix(prefix): entry for key, entry in tensors.items() if key.startswith(prefix)}


def _check_blocks(unet: Mapping[str, TensorEntry], family: str) -> None:
    counts = Counter(key.partition(".")[0] for key in {".".join(key.split(".")[:2]) for key in unet})
    transformers = {found[0] for key in unet if (found := re.match(r".+\.transformer_blocks\.\d+", key))}
    inputs, outputs = counts["input_blocks"], counts["output_blocks"]
    if inputs != outputs:
        raise WeightFileRefused(
            "incomplete-checkpoint", f"The file's UNet has {inputs} blocks on the way in and {outputs} on the way out."
        )
    published = PUBLISHED_BLOCKS.get(family, (inputs, len(transformers)))
    if unet["input_blocks.0.0.weight"].shape[0] == PUBLISHED_WIDTH and (inputs, len(transformers)) != published:
        raise WeightFileRefused(
            "unsupported-checkpoint",
            f"The file's UNet has {inputs} and {len(transformers)} blocks where this family's has {published[0]} and"
            f" {published[1]}: it is another network, or a part is missing.",
        )
