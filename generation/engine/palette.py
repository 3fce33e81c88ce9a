"""Draws a picture towards a palette: each step's expected picture is nudged before the sampler takes it.

The colours of the expected picture are read off its latents by a linear map, as previews are. What has to change in
the latents for another colour is then a small matrix, and no network is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from generation.engine.loading.checkpoints import LoadedCheckpoint
from generation.engine.previews import LinearMap, preview_map
from generation.recipes.palette import Palette
from generation.recipes.picture import Recipe

SHARPNESS = 2.0
"""How clearly a pixel belongs to its nearest colour: of the softmax over squared distances, colours being -1..1."""


@dataclass(frozen=True, slots=True)
class ColourMap:
    """`to_rgb` (3, C) and `bias` (3, 1) take a latent pixel to its colour, about -1..1; `back` (C, 3) is the smallest
    change of a latent pixel that changes its colour so much."""

    to_rgb: Tensor
    bias: Tensor
    back: Tensor

    @classmethod
    def of(cls, previews: LinearMap, channels: int, device: torch.device) -> ColourMap:
        """Even areas alone count: what the map makes of a pixel whose neighbours are like it."""
        weights = previews.matrix[:, :-1].reshape(3, previews.scale**2, channels, -1)
        to_rgb = torch.from_numpy(np.ascontiguousarray(weights.sum(axis=3).mean(axis=1))) / 127.5
        bias = torch.from_numpy(previews.matrix[:, -1].reshape(3, -1).mean(axis=1, keepdims=True)) / 127.5 - 1
        return cls(to_rgb.to(device), bias.to(device), torch.linalg.pinv(to_rgb).to(device))


class PaletteGuide:
    """The nudge of one request. `nudged` costs a few small products of matrices."""

    def __init__(self, palette: Palette, colours: ColourMap) -> None:
        self._colours = colours
        self._strength = palette.strength
        targets = torch.tensor(palette.rgb, dtype=torch.float32, device=colours.bias.device) / 127.5 - 1
        self._targets = targets.T.contiguous()
        self._lengths = (targets**2).sum(1, keepdim=True)

    def change(self, expected: Tensor, noise_share: float) -> Tensor:
        """What to add to the expected clean latents (1, C, h, w), at a step whose noise has this share (0..1).

        It fades with the noise: early steps choose the colours, late ones the details.
        """
        channels, (height, width) = expected.shape[1], expected.shape[-2:]
        pixels = expected.detach().float().reshape(channels, height * width)
        rgb = torch.addmm(self._colours.bias, self._colours.to_rgb, pixels)
        # Squared distances but for the pixel's own length, which is the same for all colours: (colours, pixels).
        apart = self._lengths - 2 * (self._targets.T @ rgb)
        wanted = self._targets @ torch.softmax(apart * -SHARPNESS, dim=0)
        share = self._strength * noise_share
        return (self._colours.back @ (wanted - rgb)).mul_(share).reshape(1, channels, height, width)


def palette_guide(recipe: Recipe, checkpoint: LoadedCheckpoint) -> PaletteGuide | None:
    """The guide of a recipe that has a palette. Raises what fitting a map to a strange VAE raises."""
    if recipe.palette is None:
        return None
    channels = checkpoint.vae.config.latent_channels
    previews = preview_map(checkpoint.family.key, checkpoint.vae)
    return PaletteGuide(recipe.palette, ColourMap.of(previews, channels, checkpoint.device))
