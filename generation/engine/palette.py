"""Draws a picture towards a palette: each step's expected picture is nudged before the sampler takes it.

The colours of the expected picture are read off its latents by a linear map, as previews are. What has to change in
the latents for another colour is then a small matrix, and no network is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from generation.engine.loading.checkpoints import LoadedCheckpoint
from generation.engine.previews import LinearMap, preview_map
from generation.recipes.palette import Palette
from generation.recipes.picture import Recipe

SHARPNESS = 3.0
"""How clearly a pixel belongs to its nearest colour: of the softmax over squared distances, colours being -1..1."""
LIGHTNESS = 9.0
"""What a squared distance in lightness counts beside one in colour: areas differ by it less than by their hues, and so
go to one colour of the palette as a whole."""
LUMA = (0.299, 0.587, 0.114)
"""Rec. 601."""
CONTRAST = 0.4
"""How far the picture's lightness is brought to the range of the palette's before colours are chosen: what is light and
what is a little darker would else both go to one colour, and a thing would be lost on its ground."""
LEAST_RANGE = 0.2
"""Of lightness (-1..1): what differs by less is noise, and not brought to a range."""
KNEE = 0.15
"""The share of noise below which the nudge fades: the last steps only settle the details."""
REACH = 3
"""Latent pixels a side over which the change is smoothed: it moves areas, and details stay as they are within them."""


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
    """The nudge of one request: a few small products of matrices a step."""

    def __init__(self, palette: Palette, colours: ColourMap) -> None:
        self._colours = colours
        # Half the strength is seven eighths of the way at each step: the network draws back what it does not expect.
        self._rate = 1 - (1 - palette.strength) ** 3
        rgb = torch.tensor(palette.rgb, dtype=torch.float32, device=colours.bias.device) / 127.5 - 1
        self._palette = rgb.T.contiguous()
        # Distances to a pixel are measured in colour and lightness at once: one more, weighted coordinate.
        self._luma = torch.tensor([LUMA], device=rgb.device)
        self._measured = torch.cat([torch.eye(3, device=rgb.device), LIGHTNESS**0.5 * self._luma])
        self._places = self._measured @ self._palette
        self._lengths = (self._places**2).sum(0)[:, None]
        darkest, lightest = (self._luma @ self._palette).aminmax()
        self._middle, self._range = (darkest + lightest) / 2, lightest - darkest

    def change(self, expected: Tensor, noise_share: float) -> Tensor:
        """What to add to the expected clean latents (1, C, h, w), at a step whose noise has this share (0..1)."""
        channels, size = expected.shape[1], expected.shape[-2:]
        rgb = torch.addmm(self._colours.bias, self._colours.to_rgb, expected.float().reshape(channels, -1))
        # Squared distances but for the pixel's own length, which is the same for all colours: (colours, pixels).
        apart = self._lengths - 2 * (self._places.T @ (self._measured @ self._brought_to_range(rgb, size)))
        chosen = self._palette @ torch.softmax(apart * -SHARPNESS, dim=0)
        share = self._rate * min(1.0, noise_share / KNEE)
        return (self._colours.back @ _smooth(chosen - rgb, size)).mul_(share).reshape(1, channels, *size)

    def _brought_to_range(self, rgb: Tensor, size: torch.Size) -> Tensor:
        """Colours (3, pixels) with their lightness partly stretched or squeezed to that of the palette."""
        lightness = self._luma @ rgb
        darkest, lightest = _smooth(lightness, size).aminmax()
        place = (lightness - (darkest + lightest) / 2) / (lightest - darkest).clamp(min=LEAST_RANGE)
        return rgb + CONTRAST * (self._middle + self._range * place - lightness)


def _smooth(values: Tensor, size: torch.Size) -> Tensor:
    """Values (n, pixels) of a picture of `size` (h, w), each the mean of those around it."""
    pooled = functional.avg_pool2d(
        values.reshape(1, -1, *size), REACH, stride=1, padding=REACH // 2, count_include_pad=False
    )
    return pooled.reshape(values.shape)


def palette_guide(recipe: Recipe, checkpoint: LoadedCheckpoint) -> PaletteGuide | None:
    """The guide of a recipe that has a palette. Raises what fitting a map to a strange VAE raises."""
    if recipe.palette is None:
        return None
    channels = checkpoint.vae.config.latent_channels
    previews = preview_map(checkpoint.family.key, checkpoint.vae)
    return PaletteGuide(recipe.palette, ColourMap.of(previews, channels, checkpoint.device))
