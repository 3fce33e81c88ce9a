"""Upscaling networks of the ESRGAN family from safetensors to memory; which files these are, `weightfiles` tells.

They say what spandrel says of the same files. It is no requirement, since it needs torchvision, whose wheels on PyPI
cannot be imported beside torch's for the CPU, and transformers fails with them.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from generation.engine.loading.layouts import refusing
from generation.weightfiles.safetensors_header import read_header
from generation.weightfiles.upscalers import UpscalerShape, plain_names, shape_of

SLOPE = 0.2
"""Of the leaky rectifiers, and the share with which each block adds to what it got (Wang et al. 2018, 3.1)."""


class UpscalingNetwork:
    """The network by its weights, under the names of `weightfiles.upscalers.layers_of`."""

    def __init__(self, shape: UpscalerShape, weights: dict[str, Tensor]) -> None:
        self.shape = shape
        self.weights = weights

    @property
    def size_bytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.weights.values())

    @torch.inference_mode()
    def __call__(self, picture: Tensor) -> Tensor:
        """(1, 3, h, w) in 0..1 to (1, 3, h * scale, w * scale), unbounded, in the weights' dtype."""
        return self._rrdb(picture) if self.shape.kind == "rrdb" else self._compact(picture)

    def _layer(self, name: str, values: Tensor) -> Tensor:
        """A convolution that keeps the size, (1, C, h, w)."""
        return functional.conv2d(values, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], padding=1)

    def _rectified(self, name: str, values: Tensor) -> Tensor:
        """A layer's values, leaky below zero; in place, since at full size they are what takes the memory."""
        return functional.leaky_relu(self._layer(name, values), SLOPE, inplace=True)

    def _rrdb(self, picture: Tensor) -> Tensor:
        fold = self.shape.folded
        height, width = picture.shape[-2:]
        if fold > 1:
            # Sides that do not divide are continued by their own edge, and cut off again.
            padding = (0, -width % fold, 0, -height % fold)
            picture = functional.pixel_unshuffle(functional.pad(picture, padding, mode="replicate"), fold)
        values = first = self._layer("conv_first", picture)
        for block in range(self.shape.blocks):
            values = values + SLOPE * self._dense_blocks(f"body.{block}", values)
        values = first + self._layer("conv_body", values)
        for number in range(self.shape.doublings):
            values = functional.interpolate(values, scale_factor=2, mode="nearest")
            values = self._rectified(f"conv_up{number + 1}", values)
        values = self._rectified("conv_hr", values)
        return self._layer("conv_last", values)[..., : height * self.shape.scale, : width * self.shape.scale]

    def _dense_blocks(self, name: str, values: Tensor) -> Tensor:
        """Three dense blocks, each of which adds to what it got, (1, C, h, w)."""
        for dense in (1, 2, 3):
            seen = values
            for place in (1, 2, 3, 4):
                grown = self._rectified(f"{name}.rdb{dense}.conv{place}", seen)
                seen = torch.cat([seen, grown], dim=1)
            values = values + SLOPE * self._layer(f"{name}.rdb{dense}.conv5", seen)
        return values

    def _compact(self, picture: Tensor) -> Tensor:
        values = self._layer("body.0", picture)
        for place in range(1, 2 * self.shape.blocks + 2, 2):
            values = functional.prelu(values, self.weights[f"body.{place}.weight"])
            values = self._layer(f"body.{place + 1}", values)
        enlarged = functional.interpolate(picture, scale_factor=self.shape.scale, mode="nearest")
        return functional.pixel_shuffle(values, self.shape.scale) + enlarged


def load_upscaler(path: Path, *, device: torch.device, dtype: torch.dtype) -> UpscalingNetwork:
    """Raises WeightsRefused for a file that is broken, or of another kind."""
    with refusing(path):
        shape = shape_of(read_header(path).tensors)
        tensors = load_file(path)
        names = plain_names(tensors)
        weights = {name: tensors[key].to(device, dtype) for key, name in names.items()}
    return UpscalingNetwork(shape, weights)
