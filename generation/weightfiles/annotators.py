"""Whether a folder in transformers' layout is an annotator: a network that sees depth, poses or things in a picture."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from generation.weightfiles.safetensors_header import TensorEntry, WeightFileRefused

DEPTH, POSE, SEGMENT = "depth", "pose", "segment"
TASKS: Mapping[str, str] = {
    "depth_anything": DEPTH,
    "dpt": DEPTH,
    "vitpose": POSE,
    "sam": SEGMENT,
}
"""transformers' words for kinds of networks, and what each is for here."""

NEEDED: Mapping[str, str] = {"depth_anything": "head.", "dpt": "head.", "vitpose": "head.", "sam": "mask_decoder."}
"""Where the names of the part begin that makes the kind useful: a backbone alone sees nothing."""

PROCESSOR_CONFIGS = {"preprocessor_config.json", "processor_config.json"}
"""What tells how a picture is given to it; either will do."""


def task_of(config: Mapping[str, Any]) -> str:
    """Of a config.json: depth, pose or segment; empty where it is of no annotator."""
    return TASKS.get(str(config.get("model_type", "")), "")


def check_annotator(config: Mapping[str, Any], tensors: Mapping[str, TensorEntry], files: Collection[str]) -> None:
    """Raise WeightFileRefused for a network without the head that answers, or that nobody can give a picture to.

    `files` are the names of all that lies in the folder. The loader looks for the rest.
    """
    if not PROCESSOR_CONFIGS.intersection(files):
        raise WeightFileRefused("incomplete-checkpoint", "The annotator has no file “preprocessor_config.json”.")
    needed = NEEDED[str(config["model_type"])]
    if not any(key.startswith(needed) for key in tensors):
        raise WeightFileRefused("incomplete-checkpoint", f"The annotator has no weights that begin with “{needed}”.")
