"""What ControlNets add to one UNet call: each is called once for all rows that want it, and for no others.

Rows of many requests share the UNet call whether or not they have ControlNets; those without get zeros.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from generation.engine.denoising import UNetInputs

Layers = list[Tensor]
"""What one ControlNet adds, (rows, C, h, w) each: for the skip connections in their order, and last for the middle."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The rows from `first` to before `last` of one request, for which one of its ControlNets (`place`) is called.

    `tokens` is how many of the text's they attend to. diffusers' ControlNets take no mask of the text, so rows of
    different lengths are called apart.
    """

    request: int
    place: int
    first: int
    last: int
    tokens: int


def residuals_of(inputs: Sequence[UNetInputs]) -> Layers | None:
    """What is added to each layer over all rows, (rows, C, h, w); None where no request has a ControlNet."""
    pieces = [piece for number, one in enumerate(inputs) for piece in _pieces(number, one)]
    if not pieces:
        return None
    added: dict[int, dict[int, list[Layers]]] = {}
    for piece, layers in zip(pieces, _called(inputs, pieces), strict=True):
        added.setdefault(piece.request, {}).setdefault(piece.place, []).append(layers)
    sums = {number: _summed(by_place) for number, by_place in added.items()}
    nothing = inputs[0].sample.new_zeros(())
    return [
        torch.cat(
            [
                sums[number][at] if number in sums else nothing.expand(len(one.sample), *layer.shape[1:])
                for number, one in enumerate(inputs)
            ]
        )
        for at, layer in enumerate(next(iter(sums.values())))
    ]


def _pieces(number: int, one: UNetInputs) -> Iterator[Piece]:
    for place, control in enumerate(one.controls):
        first = 0
        for last in range(1, len(one.sample) + 1):
            if last == len(one.sample) or control.tokens[last] != control.tokens[first]:
                yield Piece(number, place, first, last, control.tokens[first])
                first = last


def _called(inputs: Sequence[UNetInputs], pieces: Sequence[Piece]) -> list[Layers]:
    """What is added for each piece; those of one network and one length of text share a call."""
    groups: dict[tuple[str, int], list[int]] = {}
    for at, piece in enumerate(pieces):
        sha256 = inputs[piece.request].controls[piece.place].network.sha256
        groups.setdefault((sha256, piece.tokens), []).append(at)
    found: dict[int, Layers] = {}
    for members in groups.values():
        found |= zip(members, _call(inputs, [pieces[at] for at in members]), strict=True)
    return [found[at] for at in range(len(pieces))]


def _call(inputs: Sequence[UNetInputs], pieces: Sequence[Piece]) -> list[Layers]:
    """One call of one ControlNet; each piece's part of it, times its weight."""
    controls = [inputs[piece.request].controls[piece.place] for piece in pieces]
    network = controls[0].network.network
    down, middle = network(
        # The UNet of an inpainting checkpoint gets more than the latents.
        _rows(inputs, pieces, "sample")[:, : network.config.in_channels],
        _rows(inputs, pieces, "timesteps").to(controls[0].seen.device),
        encoder_hidden_states=_rows(inputs, pieces, "text")[:, : pieces[0].tokens],
        controlnet_cond=torch.cat(
            [control.seen[piece.first : piece.last] for control, piece in zip(controls, pieces, strict=True)]
        ),
        added_cond_kwargs=_added_conditions(inputs, pieces),
        return_dict=False,
    )
    counts = [piece.last - piece.first for piece in pieces]
    parts = zip(*(layer.split(counts) for layer in (*down, middle)), strict=True)
    return [_weighted(layers, control.pick.weight) for layers, control in zip(parts, controls, strict=True)]


def _rows(inputs: Sequence[UNetInputs], pieces: Sequence[Piece], name: str) -> Tensor:
    return torch.cat([getattr(inputs[piece.request], name)[piece.first : piece.last] for piece in pieces])


def _added_conditions(inputs: Sequence[UNetInputs], pieces: Sequence[Piece]) -> Mapping[str, Tensor] | None:
    """SDXL's pooled text (rows, dim) and time ids (rows, 6), None for the other families."""
    if inputs[pieces[0].request].pooled is None:
        return None
    pooled = _rows(inputs, pieces, "pooled")
    return {"text_embeds": pooled, "time_ids": _rows(inputs, pieces, "time_ids").to(pooled.device)}


def _weighted(layers: Sequence[Tensor], weight: float) -> Layers:
    return [layer * weight for layer in layers] if weight != 1 else list(layers)


def _summed(by_place: Mapping[int, list[Layers]]) -> Layers:
    """Over the ControlNets of one request, in the recipe's order, as diffusers adds them up."""
    total, *others = (
        [torch.cat(parts) if len(parts) > 1 else parts[0] for parts in zip(*pieces, strict=True)]
        for pieces in by_place.values()
    )
    for layers in others:
        total = [before + layer for before, layer in zip(total, layers, strict=True)]
    return total
