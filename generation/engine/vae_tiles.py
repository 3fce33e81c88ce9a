"""Large pictures through a VAE in tiles: the layers at the two largest sizes tile by tile, the others in one go.

diffusers' own tiles each take their own mean and deviation in every GroupNorm, which shows as seams and shifted
colours. Here all tiles take those of the whole picture, and those exactly: norm by norm, each is reached by all tiles
before one goes on. Each tile sees a margin of its neighbours, so that hardly a pixel depends on where it was cut. With
SD 1.5's VAE decoding takes four times the work of the whole, encoding three times, and both memory for one tile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.models.downsampling import Downsample2D
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn

LARGEST_WHOLE = 1536 * 1024
"""Pixels of a picture that still goes through in one go: above it the activations of SD 1.5's decoder pass 8 GB."""
UNIT = 4
"""Pixels a side of what TILE counts: the layers that are tiled change the side by so much."""
TILE = 224
"""Units a side of what one tile sees: SD 1.5's decoder takes about 3 GB for it in float32."""
MARGIN = 12
"""Units that neighbouring tiles both see beyond what each keeps. SD 1.5's layers look no further than four."""


def is_large(height: int, width: int) -> bool:
    """Whether a picture of these pixels is tiled."""
    return height * width > LARGEST_WHOLE


@torch.inference_mode()
def decode_in_tiles(vae: Any, latents: Tensor, tile: int = TILE) -> Tensor:
    """Unscaled latents (1, C, h, w) to a picture (1, 3, H, W) in about -1..1, as `vae.decode` gives it. On the CPU."""
    decoder = vae.decoder
    seen = latents if vae.post_quant_conv is None else vae.post_quant_conv(latents)
    seen = decoder.mid_block(decoder.conv_in(seen))
    layers = _one_by_one(decoder.up_blocks)
    *_, half, whole = (place for place, layer in enumerate(layers) if isinstance(layer, Upsample2D))
    seen = _through(layers[:half], seen.to(next(decoder.up_blocks.parameters()).dtype))
    last = [*layers[whole:], decoder.conv_norm_out]

    def rest(values: Tensor) -> Tensor:
        picture: Tensor = decoder.conv_out(decoder.conv_act(_through(last, values)))
        return picture

    # What comes out at half the size is kept, or every norm behind it would be reached through all before it.
    first = _Tiles(lambda values: _through(layers[half:whole], values), layers[half:whole], 1, 2, tile, latents.device)
    return _Tiles(rest, last, 1, 2, 2 * tile, latents.device).through(first.through(seen))


@torch.inference_mode()
def encode_in_tiles(vae: Any, picture: Tensor, tile: int = TILE) -> DiagonalGaussianDistribution:
    """A picture (1, 3, H, W) in -1..1 to what `vae.encode` says of it."""
    encoder = vae.encoder
    layers = _one_by_one(encoder.down_blocks)
    shrinking = [place for place, layer in enumerate(layers) if isinstance(layer, Downsample2D)]
    tiled, whole = layers[: shrinking[1] + 1], layers[shrinking[1] + 1 :]

    def first(values: Tensor) -> Tensor:
        return _through(tiled, encoder.conv_in(values))

    tiles = _Tiles(first, tiled, UNIT, 1, tile, picture.device)
    seen = encoder.mid_block(_through(whole, tiles.through(picture).to(picture.device)))
    moments = encoder.conv_out(encoder.conv_act(encoder.conv_norm_out(seen)))
    return DiagonalGaussianDistribution(moments if vae.quant_conv is None else vae.quant_conv(moments))


def _one_by_one(blocks: Iterable[Any]) -> list[nn.Module]:
    """The blocks' residual layers, and what changes the size behind them."""
    layers: list[nn.Module] = []
    for block in blocks:
        layers += [*block.resnets, *(getattr(block, "upsamplers", None) or getattr(block, "downsamplers", None) or ())]
    return layers


def _through(layers: Iterable[nn.Module], values: Tensor) -> Tensor:
    for layer in layers:
        values = layer(values, None) if isinstance(layer, ResnetBlock2D) else layer(values)
    return values


class _Reached(Exception):
    """A tile has come to the first norm whose mean and variance are not known yet, which has seen it now."""


@dataclass
class _Moments:
    """Of one norm's groups, (G,) each: sums over all that was seen, in float64."""

    count: int = 0
    sums: Tensor | float = 0.0
    squares: Tensor | float = 0.0

    def add(self, values: Tensor, groups: int) -> None:
        """Values (n, C, h, w)."""
        grouped = values.float().reshape(len(values), groups, -1).transpose(0, 1).flatten(1)
        variance, mean = torch.var_mean(grouped, dim=1, correction=0)
        size = grouped.shape[1]
        mean, variance = mean.double(), variance.double()
        self.count += size
        self.sums = self.sums + size * mean
        self.squares = self.squares + size * (variance + mean**2)

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and variance, (G,) each."""
        mean = torch.as_tensor(self.sums) / self.count
        return mean, torch.as_tensor(self.squares) / self.count - mean**2


@dataclass
class _SharedNorms:
    """The GroupNorms of some layers, which take mean and variance of all tiles instead of from their input.

    `inside` says which part of a tile counts, in shares of its height and width.
    """

    layers: Iterable[nn.Module]
    inside: tuple[float, float, float, float] = (0.0, 1.0, 0.0, 1.0)
    known: dict[nn.GroupNorm, tuple[Tensor, Tensor]] = field(default_factory=dict)
    gathered: dict[nn.GroupNorm, _Moments] = field(default_factory=dict)

    @contextmanager
    def installed(self) -> Iterator[int]:
        """The layers' norms, of which there are so many, are these inside the block; one thread at a time for one
        VAE."""
        norms = [one for layer in self.layers for one in layer.modules() if isinstance(one, nn.GroupNorm)]
        for norm in norms:
            norm.forward = lambda values, norm=norm: self._normalised(norm, values)  # type: ignore[method-assign,misc]
        try:
            yield len(norms)
        finally:
            for norm in norms:
                del norm.forward

    def settle(self) -> None:
        """What all tiles have reached is known from now on."""
        self.known |= {norm: moments.statistics() for norm, moments in self.gathered.items()}
        self.gathered = {}

    def _normalised(self, norm: nn.GroupNorm, values: Tensor) -> Tensor:
        if norm not in self.known:
            height, width = values.shape[-2:]
            top, bottom = (round(edge * height) for edge in self.inside[:2])
            left, right = (round(edge * width) for edge in self.inside[2:])
            self.gathered.setdefault(norm, _Moments()).add(values[..., top:bottom, left:right], norm.num_groups)
            raise _Reached
        mean, variance = self.known[norm]
        each = norm.num_channels // norm.num_groups
        scale = (norm.weight.double() * torch.rsqrt(variance + norm.eps).repeat_interleave(each)).float()
        shift = (norm.bias.double() - mean.repeat_interleave(each) * scale).float()
        return (values * scale[:, None, None] + shift[:, None, None]).to(values.dtype)


@dataclass(frozen=True, slots=True)
class _Tile:
    """Along one side, in units: a tile sees `start` to `end` and keeps `first` to `last` of the picture."""

    start: int
    end: int
    first: int
    last: int

    @property
    def inside(self) -> tuple[float, float]:
        """What it keeps, in shares of what it sees."""
        seen = self.end - self.start
        return (self.first - self.start) / seen, (self.last - self.start) / seen


class _Tiles:
    """Layers over a large input, of which each unit takes `taken` pixels of a side and gives `given`; a tile has `side`
    units or fewer. `norms` are the layers whose norms they run through."""

    def __init__(
        self,
        layers: Callable[[Tensor], Tensor],
        norms: Iterable[nn.Module],
        taken: int,
        given: int,
        side: int,
        device: torch.device,
    ) -> None:
        self.layers = layers
        self.norms = _SharedNorms(norms)
        self.taken = taken
        self.given = given
        self.side = side
        self.device = device

    def through(self, values: Tensor) -> Tensor:
        """(1, C, h, w) to (1, D, H, W) on the CPU."""
        height, width = (length // self.taken for length in values.shape[-2:])
        places = list(product(_along(height, self.side), _along(width, self.side)))
        result: Tensor | None = None
        with self.norms.installed() as count:
            for _ in range(count):
                for row, column in places:
                    with suppress(_Reached):
                        self._tile(values, row, column)
                self.norms.settle()
            for row, column in places:
                made = self._tile(values, row, column)
                if result is None:
                    size = (1, made.shape[1], height * self.given, width * self.given)
                    result = torch.empty(size, dtype=made.dtype)
                result[..., _slice(row.first, row.last, self.given), _slice(column.first, column.last, self.given)] = (
                    made
                )
        assert result is not None
        return result

    def _tile(self, values: Tensor, row: _Tile, column: _Tile) -> Tensor:
        """What the tile keeps, (1, D, h, w)."""
        self.norms.inside = (*row.inside, *column.inside)
        down, across = _slice(row.start, row.end, self.taken), _slice(column.start, column.end, self.taken)
        made = self.layers(values[..., down, across].to(self.device))
        top, left = row.first - row.start, column.first - column.start
        bottom, right = row.last - row.start, column.last - column.start
        return made[..., _slice(top, bottom, self.given), _slice(left, right, self.given)]


def _along(length: int, side: int) -> list[_Tile]:
    """Tiles over one side of the picture, as long as each other and no longer than they have to be; each keeps what
    lies nearer to its middle than to its neighbours'."""
    if length <= side:
        return [_Tile(0, length, 0, length)]
    count = -(-(length - 2 * MARGIN) // (side - 2 * MARGIN))
    side = -(-(length - 2 * MARGIN) // count) + 2 * MARGIN
    starts = [place * (length - side) // (count - 1) for place in range(count)]
    edges = [0, *((before + side + after) // 2 for before, after in zip(starts, starts[1:], strict=False)), length]
    return [_Tile(start, start + side, edges[place], edges[place + 1]) for place, start in enumerate(starts)]


def _slice(first: int, last: int, pixels: int) -> slice:
    return slice(first * pixels, last * pixels)
