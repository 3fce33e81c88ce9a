"""Networks that see depth, poses or things in a picture, from transformers' folders. By known classes, offline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from generation.engine.loading.components import ready
from generation.engine.loading.diffusers_folder import read_network
from generation.engine.loading.layouts import check_kind, refusing
from generation.weightfiles.folders import annotator_task

CLASSES: Mapping[str, str] = {
    "depth_anything": "DepthAnythingForDepthEstimation",
    "dpt": "DPTForDepthEstimation",
    "vitpose": "VitPoseForPoseEstimation",
    "sam": "SamModel",
}
"""transformers' word for a kind of network, and the class that answers. Nothing in a folder can name code to run."""

PROCESSORS: Mapping[str, str] = {
    "depth_anything": "DPTImageProcessorPil",
    "dpt": "DPTImageProcessorPil",
    "vitpose": "VitPoseImageProcessorPil",
    "sam": "SamImageProcessorPil",
}


@dataclass(frozen=True, slots=True, eq=False)
class LoadedAnnotator:
    """An annotator in memory, in evaluation mode, gradients off. `task` is a word of `weightfiles.annotators`.

    `processor` is transformers' own: it makes the input of a picture, and knows how to read the answer.
    """

    sha256: str
    title: str
    task: str
    network: Any
    processor: Any
    size_bytes: int


def load_annotator(path: Path, sha256: str, *, device: torch.device) -> LoadedAnnotator:
    """Load an annotator, in float32 everywhere: it runs once a picture. Raises WeightsRefused."""
    with refusing(path):
        check_kind(path, "annotator")
        kind = json.loads((path / "config.json").read_text("utf-8"))["model_type"]
        network = ready(read_network(getattr(transformers, CLASSES[kind]), path, torch.float32), device)
        processor = getattr(transformers, PROCESSORS[kind]).from_pretrained(path, local_files_only=True)
    size = sum(weight.nbytes for weight in network.parameters())
    return LoadedAnnotator(sha256, path.stem, annotator_task(path), network, processor, size)
