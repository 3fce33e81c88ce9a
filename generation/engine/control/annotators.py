"""Control pictures that a network sees in a picture, and masks that it grows from clicks. One at a time on a device."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from generation.engine.loading.annotators import LoadedAnnotator
from generation.engine.loading.checkpoints import CheckpointCache
from generation.engine.outcome import Pixels, RenderError, WeightsRefused
from generation.engine.streams import beside_the_engine
from generation.imaging.clicks import Box, Click
from generation.imaging.skeleton import draw_skeleton
from generation.weightfiles.annotators import DEPTH, POSE, SEGMENT

CERTAIN = 0.3
"""From here on a joint counts as seen."""


class Annotators:
    """The annotators of a device, which share the memory of its checkpoints. Callable from many threads."""

    def __init__(self, checkpoints: CheckpointCache, device: torch.device) -> None:
        self._checkpoints = checkpoints
        self._device = device
        self._running = threading.Lock()

    def see(self, sha256: str, pixels: Pixels) -> Pixels:
        """The control picture of an RGB picture (height, width, 3), of its size. Raises RenderError, also over NaN."""
        with self._checkpoints.lease_annotator(sha256) as annotator:
            if annotator.task not in _SEE:
                raise wrong_task(annotator)
            with self._running, beside_the_engine(self._device), torch.inference_mode():
                return _SEE[annotator.task](annotator, pixels, self._device)

    def select(self, sha256: str, pixels: Pixels, clicks: Sequence[Click], box: Box | None = None) -> NDArray[np.uint8]:
        """The mask (height, width) of what was clicked in an RGB picture: 255 selected, 0 not. Raises RenderError."""
        with self._checkpoints.lease_annotator(sha256) as annotator:
            if annotator.task != SEGMENT:
                raise wrong_task(annotator)
            with self._running, beside_the_engine(self._device), torch.inference_mode():
                return _select(annotator, pixels, clicks, box, self._device)


def wrong_task(annotator: LoadedAnnotator) -> WeightsRefused:
    return WeightsRefused("wrong-kind", f"“{annotator.title}” cannot do this: it is an annotator for {annotator.task}.")


def _depth(annotator: LoadedAnnotator, pixels: Pixels, device: torch.device) -> Pixels:
    """Near is white, far is black, over the whole range of the picture."""
    given = annotator.processor(images=Image.fromarray(pixels), return_tensors="pt")["pixel_values"].to(device)
    seen = _finite(annotator, annotator.network(pixel_values=given).predicted_depth)
    depth = torch.nn.functional.interpolate(seen[None], size=pixels.shape[:2], mode="bicubic", align_corners=False)
    if getattr(annotator.network.config, "depth_estimation_type", "relative") == "metric":
        depth = -depth
    low, high = depth.min(), depth.max()
    grey = ((depth - low) / (high - low).clamp(min=1e-6) * 255).round()[0, 0].to(torch.uint8)
    return grey[..., None].repeat(1, 1, 3).cpu().numpy()


def _pose(annotator: LoadedAnnotator, pixels: Pixels, device: torch.device) -> Pixels:
    """The skeleton of one person, for whom the whole picture is searched."""
    height, width = pixels.shape[:2]
    boxes = [[[0.0, 0.0, float(width), float(height)]]]
    given = annotator.processor(images=Image.fromarray(pixels), boxes=boxes, return_tensors="pt")["pixel_values"]
    answer = annotator.network(pixel_values=given.to(device))
    _finite(annotator, answer.heatmaps)
    ((person,),) = annotator.processor.post_process_pose_estimation(answer, boxes=boxes)
    joints = {
        int(label): (float(x), float(y))
        for label, (x, y), score in zip(person["labels"], person["keypoints"], person["scores"], strict=True)
        if float(score) >= CERTAIN
    }
    return draw_skeleton(joints, (width, height))


def _select(
    annotator: LoadedAnnotator, pixels: Pixels, clicks: Sequence[Click], box: Box | None, device: torch.device
) -> NDArray[np.uint8]:
    """The best of the masks that the network offers, by its own score."""
    given = annotator.processor(images=Image.fromarray(pixels), return_tensors="pt").to(device)
    (height, width), (inner_height, inner_width) = given["original_sizes"][0], given["reshaped_input_sizes"][0]
    across, down = float(inner_width) / float(width), float(inner_height) / float(height)
    points = [[click.x * across, click.y * down] for click in clicks]
    where: dict[str, Tensor] = {}
    if points:
        labels = [int(click.keeps) for click in clicks]
        where |= {"input_points": torch.tensor([[points]]), "input_labels": torch.tensor([[labels]])}
    if box:
        corners = [box.left * across, box.top * down, box.right * across, box.bottom * down]
        where["input_boxes"] = torch.tensor([[corners]])
    answer = annotator.network(
        pixel_values=given["pixel_values"], **{name: value.to(device) for name, value in where.items()}
    )
    scores = _finite(annotator, answer.iou_scores)[0, 0]
    (masks,) = annotator.processor.post_process_masks(
        _finite(annotator, answer.pred_masks), given["original_sizes"], given["reshaped_input_sizes"]
    )
    best: NDArray[np.uint8] = masks[0, int(scores.argmax())].to(torch.uint8).mul(255).cpu().numpy()
    return best


def _finite(annotator: LoadedAnnotator, values: Tensor) -> Tensor:
    if not bool(torch.isfinite(values).all()):
        raise RenderError(
            "annotator-not-finite", f"The numbers of the annotator “{annotator.title}” ran away (NaN) on this picture."
        )
    return values


_SEE: Mapping[str, Callable[[LoadedAnnotator, Pixels, torch.device], Pixels]] = {DEPTH: _depth, POSE: _pose}
