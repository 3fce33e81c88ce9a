"""Larger pixels without drawing: by Lanczos, or by a network, tile by tile so that memory stays flat."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from generation.engine.failures import not_finite
from generation.engine.leased_cache import LeasedCache
from generation.engine.loading.upscalers import UpscalingNetwork, load_upscaler
from generation.engine.outcome import Pixels
from generation.engine.streams import beside_the_engine
from generation.engine.weightsource import WeightSource, pinned_file

TILE_SIDE = 160
"""Pixels a side of what a network is given for one tile, without its margin."""
MARGIN = 16
"""Pixels around a tile that the network sees and that are cut off; what it says of the tile hardly depends on more."""


class Upscalers:
    """The networks by pinned hash, in memory within a budget of bytes. Thread-safe."""

    def __init__(self, weights: WeightSource, budget_bytes: int, device: torch.device, dtype: torch.dtype) -> None:
        self._weights = weights
        self._device = device
        self._dtype = dtype
        self._held: LeasedCache[str, UpscalingNetwork] = LeasedCache(budget_bytes, lambda network: None)

    @contextmanager
    def lease(self, sha256: str) -> Iterator[UpscalingNetwork | None]:
        """The network, or None for "", which is Lanczos. Raises WeightsRefused."""
        held = self._held.lease(sha256, lambda: self._load(sha256)) if sha256 else nullcontext(None)
        with held as network:
            yield network

    def _load(self, sha256: str) -> tuple[UpscalingNetwork, int]:
        path = pinned_file(self._weights.upscaler, sha256, "upscaler")
        network = load_upscaler(path, device=self._device, dtype=self._dtype)
        return network, network.size_bytes


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the result in pixels, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int


class Upscale:
    """One picture on its way to `size` (width, height): iterate over `tiles`, then `result` is whole.

    Each tile of the result is made of the pixels below it and their margin: no larger picture is ever in memory than
    the result, also where the network makes more than is wanted.
    """

    def __init__(self, source: Image.Image, size: tuple[int, int], network: UpscalingNetwork | None) -> None:
        self.source = source
        self.size = size
        self.network = network
        self.scales = (size[0] / source.width, size[1] / source.height)
        self.boxes = self._boxes() if network else [Box(0, 0, *size)]
        self.window = (
            self._seen(max(box.right - box.left for box in self.boxes), source.width, self.scales[0]),
            self._seen(max(box.bottom - box.top for box in self.boxes), source.height, self.scales[1]),
        )
        self.result: Pixels = np.empty((size[1], size[0], 3), np.uint8)

    def tiles(self) -> Iterator[int]:
        """Make one tile after the other; yields how many are done."""
        for number, box in enumerate(self.boxes):
            if self.network is None:
                self.result = np.asarray(self.source.resize(self.size, Image.Resampling.LANCZOS))
            else:
                self.result[box.top : box.bottom, box.left : box.right] = self._tile(box, self.network)
            yield number + 1

    def _boxes(self) -> list[Box]:
        columns, rows = (
            _cuts(length, max(1, math.ceil(length / scale / TILE_SIDE)))
            for length, scale in zip(self.size, self.scales, strict=True)
        )
        return [Box(left, top, right, bottom) for top, bottom in rows for left, right in columns]

    @staticmethod
    def _seen(longest: int, length: int, scale: float) -> int:
        """Pixels of a side of the source that the network sees for a tile; as many for each, since the kernels of every
        other size would stay in memory."""
        return min(length, math.ceil(longest / scale) + 1 + 2 * MARGIN)

    def _tile(self, box: Box, network: UpscalingNetwork) -> Pixels:
        """The box of the result, (h, w, 3)."""
        # Networks that fold pixels together begin with whole folds.
        fold = network.shape.folded
        left, top = (
            min(max(0, math.floor(edge / scale) - MARGIN), length - seen) // fold * fold
            for edge, scale, length, seen in zip(
                (box.left, box.top), self.scales, self.source.size, self.window, strict=True
            )
        )
        right = min(self.source.width, left + self.window[0] + fold - 1)
        bottom = min(self.source.height, top + self.window[1] + fold - 1)
        made = through(network, np.asarray(self.source.crop((left, top, right, bottom))))
        scale = network.shape.scale
        inner = (
            (box.left / self.scales[0] - left) * scale,
            (box.top / self.scales[1] - top) * scale,
            min(made.shape[1], (box.right / self.scales[0] - left) * scale),
            min(made.shape[0], (box.bottom / self.scales[1] - top) * scale),
        )
        size = (box.right - box.left, box.bottom - box.top)
        return np.asarray(Image.fromarray(made).resize(size, Image.Resampling.LANCZOS, box=inner))


def through(network: UpscalingNetwork, pixels: Pixels) -> Pixels:
    """(h, w, 3) to (h * scale, w * scale, 3). Raises RenderError where the network answers with NaN."""
    like = next(iter(network.weights.values()))
    with torch.inference_mode(), beside_the_engine(like.device):
        values = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].to(like.device, like.dtype) / 255
        made = network(values)[0].clamp(0, 1).permute(1, 2, 0).float().cpu().numpy()
    if not np.isfinite(made).all():
        raise not_finite()
    result: Pixels = (made * 255).round().astype(np.uint8)
    return result


def _cuts(length: int, count: int) -> list[tuple[int, int]]:
    """`count` nearly equal parts of a side, as (start, end)."""
    edges = [round(place * length / count) for place in range(count + 1)]
    return list(zip(edges, edges[1:], strict=False))
