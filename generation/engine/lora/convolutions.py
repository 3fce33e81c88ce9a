"""Convolutions with LoRAs beside them, and convolutions whose weight keeps the order that a CPU wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

from generation.engine.lora.file import LoraPair
from generation.engine.lora.row_adapters import Forward, RowAdapters, RowSpan, gathered, low_rank

_ONEDNN: Any = torch._C._nn
CAN_PACK = bool(torch._C._has_mkldnn) and hasattr(_ONEDNN, "mkldnn_reorder_conv2d_weight")
"""torch re-orders a convolution's weight for oneDNN at every call, which on few rows costs more than the arithmetic.

The operators that its own compiler uses for frozen CPU weights keep the order; without them a weight is used as it is.
"""


def convolve(layer: nn.Conv2d, states: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Another weight (out, in, kh, kw) on the layer's own geometry: (n, in, h, w) to (n, out, h', w')."""
    return functional.conv2d(states, weight, bias, layer.stride, layer.padding, layer.dilation)


def is_pointwise(layer: nn.Module) -> bool:
    """Whether it is a convolution that is a linear layer over the pixels, which nothing need be packed for."""
    return isinstance(layer, nn.Conv2d) and (layer.kernel_size, layer.stride, layer.padding) == ((1, 1), (1, 1), (0, 0))


def can_pack(layer: nn.Module) -> TypeGuard[nn.Conv2d]:
    if not isinstance(layer, nn.Conv2d) or is_pointwise(layer) or isinstance(layer.padding, str):
        return False
    return CAN_PACK and layer.weight.dtype == torch.float32


def packed_convolution(layer: nn.Conv2d, weight: Tensor, shape: Sequence[int], groups: int = 1) -> Forward:
    """A convolution for states of exactly this shape (n, in, h, w): oneDNN is far slower for others.

    `weight` is (out, in / groups, kh, kw). The layer's bias is added where there are no `groups`.
    """
    if not can_pack(layer):
        return lambda states: convolve(layer, states, weight, layer.bias)
    geometry: tuple[Any, ...] = list(layer.padding), list(layer.stride), list(layer.dilation), groups
    packed = _ONEDNN.mkldnn_reorder_conv2d_weight(weight.to_mkldnn(), *geometry, list(shape))
    bias, packed_convolve = layer.bias if groups == 1 else None, torch.ops.mkldnn._convolution_pointwise
    return lambda states: packed_convolve(states, packed, bias, *geometry, "none", [], "")


def spanwise_convolution(layer: nn.Conv2d, spans: Sequence[RowSpan], pairs: Mapping[str, LoraPair]) -> Forward:
    """Base output plus each span's own low-rank part, (n, in, h, w) states. Nothing is packed: it is ready at once."""
    parts = [(span.start, span.stop, low_rank(span.adapters, pairs)) for span in spans if span.adapters]

    def forward(states: Tensor) -> Tensor:
        base = convolve(layer, states, layer.weight, layer.bias)
        for start, stop, low in parts:
            ranks = convolve(layer, states[start:stop], low.down, None)
            base[start:stop].add_(functional.conv2d(ranks, low.up))
        return base

    return forward


def pointwise_convolution(layer: nn.Conv2d, rows: Sequence[RowAdapters], pairs: Mapping[str, LoraPair]) -> Forward:
    """Base output plus all rows' low-rank parts in two products, for (n, in, h, w) states of a 1x1 convolution."""
    down, up = gathered(rows, pairs)

    def forward(states: Tensor) -> Tensor:
        base = convolve(layer, states, layer.weight, layer.bias)
        base.view(len(up), up.shape[1], -1).baddbmm_(up, torch.bmm(down, states.flatten(2)))
        return base

    return forward


def grouped_convolution(
    layer: nn.Conv2d,
    base_convolution: Forward,
    rows: Sequence[RowAdapters],
    pairs: Mapping[str, LoraPair],
    shape: torch.Size,
) -> Forward:
    """Base output plus all rows' low-rank parts: one convolution whose groups are the rows, and one product.

    For states of exactly this `shape` (n, in, h, w), in float32 on a CPU: all weights are packed.
    """
    down, up = gathered(rows, pairs)
    count, channels, *size = shape
    weight = down.view(-1, channels, *layer.kernel_size)
    project = packed_convolution(layer, weight, (1, count * channels, *size), groups=count)

    def forward(states: Tensor) -> Tensor:
        base = base_convolution(states)
        ranks = project(states.reshape(1, -1, *size)).reshape(count, up.shape[2], -1)
        base.view(count, up.shape[1], -1).baddbmm_(up, ranks)
        return base

    return forward
