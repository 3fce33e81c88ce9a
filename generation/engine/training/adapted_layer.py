"""One layer of a network with its LoRA adapters, run with fewer and smaller operations than peft's own forward.

peft holds the weights. Its forward multiplies and adds whole activations; scaling the small product instead, in one
call, is a tenth faster on a CPU and keeps less for the way back.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class AdaptedLayer:
    """`place` is (number of the network, dotted name); network 0 is the UNet. One adapter is at work, or none."""

    def __init__(self, place: tuple[int, str], layer: Any, scale: float) -> None:
        self.place = place
        self.layer = layer
        self.scale = scale
        self.adapter: str | None = None
        # Instead of the class's method, so that peft's module stays where the network calls it.
        layer.__dict__["forward"] = self._forward

    def down(self, adapter: str) -> nn.Parameter:
        """(rank, in) or, for a convolution, (rank, in, kh, kw)."""
        weight: nn.Parameter = self.layer.lora_A[adapter].weight
        return weight

    def up(self, adapter: str) -> nn.Parameter:
        """(out, rank) or (out, rank, 1, 1)."""
        weight: nn.Parameter = self.layer.lora_B[adapter].weight
        return weight

    def use(self, adapter: str | None) -> None:
        """Run, and learn, with this adapter alone from now on; None leaves the bare layer."""
        self.adapter = adapter
        if adapter is not None:
            self.layer.set_adapter(adapter)

    def _forward(self, states: Tensor) -> Tensor:
        base: Tensor = self.layer.base_layer(states)
        if self.adapter is None:
            return base
        if isinstance(self.layer.base_layer, nn.Conv2d):
            low: Tensor = self.layer.lora_A[self.adapter](states)
            return base + functional.conv2d(low, self.up(self.adapter) * self.scale)
        low = functional.linear(states, self.down(self.adapter))
        flat, up = base.view(-1, base.shape[-1]), self.up(self.adapter).t()
        return torch.addmm(flat, low.view(-1, low.shape[-1]), up, alpha=self.scale).view(base.shape)
