"""LoRA adapters on a checkpoint's networks, by peft: which layers get one, its weights, which one is at work."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn

from generation.engine.lora.file import LoraPair
from generation.engine.training.adapted_layer import AdaptedLayer
from generation.engine.training.networks import Networks
from generation.recipes.training import TrainingRecipe

UNET_LAYERS: Mapping[str, re.Pattern[str]] = {
    "attention": re.compile(r"\.attn[12]\.to_(q|k|v|out\.0)$"),
    "feed_forward": re.compile(r"\.attentions\.\d+\.(proj_in|proj_out)$|\.ff\.net\.(0\.proj|2)$"),
    "convolution": re.compile(r"\.resnets\.\d+\.(conv1|conv2|conv_shortcut)$|\.(down|up)samplers\.\d+\.conv$"),
}
"""Which UNet layers a part of the recipe names. `feed_forward` is all around the attention inside its blocks."""

TEXT_LAYERS = re.compile(r"\.self_attn\.(q|k|v|out)_proj$|\.mlp\.fc[12]$")


class Adapters:
    """The adapters of one training, all of the same shape, one for each fold. They begin as no change at all."""

    def __init__(self, networks: Networks, recipe: TrainingRecipe, names: Iterable[str]) -> None:
        self.layers: list[AdaptedLayer] = []
        for name in names:
            self.layers = [
                layer
                for number, network, targets in _targets(networks, recipe)
                for layer in _inject(number, network, targets, recipe, name)
            ]
            self._begin(name, recipe.seed)

    def weights(self, adapter: str) -> dict[str, nn.Parameter]:
        """Every learned matrix, `down` (rank, in...) and `up` (out, rank...), by its name, in a fixed order."""
        weights = {}
        for one in self.layers:
            number, name = one.place
            weights[f"{number}.{name}.down"] = one.down(adapter)
            weights[f"{number}.{name}.up"] = one.up(adapter)
        return weights

    def of_unet(self, adapter: str) -> list[nn.Parameter]:
        return [weight for name, weight in self.weights(adapter).items() if name.startswith("0.")]

    def of_text_encoders(self, adapter: str) -> list[nn.Parameter]:
        return [weight for name, weight in self.weights(adapter).items() if not name.startswith("0.")]

    def pairs(self, adapter: str) -> dict[tuple[int, str], LoraPair]:
        """The learned pairs by place."""
        return {
            one.place: LoraPair(one.down(adapter).detach(), one.up(adapter).detach(), one.scale) for one in self.layers
        }

    def use(self, adapter: str) -> None:
        """From now on the networks run, and learn, with this adapter alone."""
        for one in self.layers:
            one.use(adapter)

    @contextmanager
    def without(self) -> Iterator[None]:
        """The bare checkpoint inside the block."""
        used = [one.adapter for one in self.layers]
        for one in self.layers:
            one.use(None)
        try:
            yield
        finally:
            for one, adapter in zip(self.layers, used, strict=True):
                one.use(adapter)

    @torch.no_grad()
    def load(self, adapter: str, weights: Mapping[str, Tensor]) -> None:
        """Overwrite with matrices of the same names and shapes, (rank, in...) and (out, rank...)."""
        for name, weight in self.weights(adapter).items():
            weight.copy_(weights[name])

    @torch.no_grad()
    def _begin(self, adapter: str, seed: int) -> None:
        """Kaiming-uniform down, zero up (Hu et al. 2021); from own generators, as the global one is everybody's."""
        for one in self.layers:
            generator = torch.Generator().manual_seed(zlib.crc32(repr((seed, one.place)).encode()))
            down = one.down(adapter)
            drawn = torch.empty(down.shape)
            nn.init.kaiming_uniform_(drawn, a=math.sqrt(5), generator=generator)
            down.data = drawn.to(down.device)
            one.up(adapter).data = torch.zeros(one.up(adapter).shape, device=down.device)


def _targets(networks: Networks, recipe: TrainingRecipe) -> Iterator[tuple[int, Any, list[str]]]:
    """(Number of the network, network, names of its layers that get an adapter)."""
    patterns = [pattern for part, pattern in UNET_LAYERS.items() if part in recipe.parts]
    if names := _matching(networks.unet, patterns):
        yield 0, networks.unet, names
    if "text_encoder" in recipe.parts:
        for number, encoder in enumerate(networks.text_encoders, 1):
            yield number, encoder, _matching(encoder, [TEXT_LAYERS])


def _matching(network: nn.Module, patterns: Iterable[re.Pattern[str]]) -> list[str]:
    plain = ((name.replace(".base_layer", ""), layer) for name, layer in network.named_modules())
    layers = [name for name, layer in plain if isinstance(layer, nn.Linear | nn.Conv2d)]
    return list(dict.fromkeys(name for pattern in patterns for name in layers if pattern.search(f".{name}")))


def _inject(
    number: int, network: Any, targets: list[str], recipe: TrainingRecipe, adapter: str
) -> Iterator[AdaptedLayer]:
    config = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=targets, init_lora_weights=False)
    network.__dict__.pop("peft_config", None)  # peft warns of a second adapter, which is just what folds want
    inject_adapter_in_model(config, network, adapter_name=adapter)
    for name, layer in network.named_modules():
        if isinstance(layer, BaseTunerLayer):
            yield AdaptedLayer((number, name), layer, recipe.alpha / recipe.rank)
