"""One request's ControlNets: leased while it is drawn, and what each has seen of its picture, once for all steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from generation.engine.control.pictures import ControlPictures, Size, Window
from generation.engine.loading.checkpoints import CheckpointCache, LoadedCheckpoint
from generation.engine.loading.controlnets import LoadedControlNet
from generation.engine.outcome import Pixels, WeightsRefused
from generation.engine.text.conditioning import Conditioning
from generation.recipes.controls import ControlPick


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """A ControlNet of a request. `seen` (rows, C, h, w) is what it sees of its picture, the same for each row.

    `tokens` is, for each row, how many of the text's tokens it attends to.
    """

    network: LoadedControlNet
    pick: ControlPick
    seen: Tensor
    tokens: tuple[int, ...]


class Controls:
    """Makes the ControlNets of recipes ready, on the caller's thread; callable from many."""

    def __init__(self, checkpoints: CheckpointCache, pictures: ControlPictures) -> None:
        self._checkpoints = checkpoints
        self._pictures = pictures

    @contextmanager
    def lease(self, checkpoint: LoadedCheckpoint, picks: Sequence[ControlPick]) -> Iterator[list[LoadedControlNet]]:
        """The networks of the picks, in memory inside the block. Raises WeightsRefused for one that does not fit."""
        with ExitStack() as stack:
            networks = [stack.enter_context(self._checkpoints.lease_controlnet(pick.sha256)) for pick in picks]
            for network in networks:
                check_fit(network, checkpoint)
            yield networks

    def see(
        self,
        networks: Sequence[LoadedControlNet],
        picks: Sequence[ControlPick],
        size: Size,
        conditioning: Conditioning,
        window: Window | None = None,
    ) -> tuple[Control, ...]:
        """Each ControlNet with what it sees of its picture, or of the window of it, in `size` (width, height).

        Raises RenderError.
        """
        if not networks:
            return ()
        tokens = rows_of_tokens(conditioning)
        pictures = [self._pictures.of(pick, size, window) for pick in picks]
        return tuple(
            Control(network, pick, seen(network, pixels, len(tokens)), tokens)
            for network, pick, pixels in zip(networks, picks, pictures, strict=True)
        )


def seen(network: LoadedControlNet, pixels: Pixels, rows: int) -> Tensor:
    """What a ControlNet sees of a control picture (H, W, 3), as (rows, C, h, w).

    Seen for as many rows as diffusers does, and laid out in memory alike: convolutions round differently elsewhere.
    """
    values = np.stack([pixels.astype(np.float32) / 255.0])
    picture = torch.from_numpy(values.transpose(0, 3, 1, 2)).repeat_interleave(1, dim=0)
    picture = torch.cat([picture.to(next(network.see.parameters()))] * rows)
    result: Tensor = network.see(picture.flip(1) if network.sees_bgr else picture)
    return result


def rows_of_tokens(conditioning: Conditioning) -> tuple[int, ...]:
    """For each row of a UNet call, the negative first, how many tokens of its text are not padding."""
    prompted = conditioning.at(0)
    rows = len(prompted.positive) + (prompted.negative is not None)
    if conditioning.mask is None:
        return (conditioning.tokens,) * rows
    return tuple(int(count) for count in conditioning.mask.sum(1).tolist())


def check_fit(network: LoadedControlNet, checkpoint: LoadedCheckpoint) -> None:
    """Raise WeightsRefused for a ControlNet of another family, or of another number or width of layers."""
    if network.family != checkpoint.family:
        raise WeightsRefused(
            "wrong-family",
            f"The ControlNet “{network.title}” is for {network.family.title}; "
            f"the checkpoint is {checkpoint.family.title}.",
        )
    own, unet = network.network.config, checkpoint.unet.config
    halvings = len(own.conditioning_embedding_out_channels)
    if halvings != len(checkpoint.vae.config.block_out_channels):
        raise does_not_fit(network, "it reads pictures in another size")
    if any(tuple_of(own[name]) != tuple_of(unet[name]) for name in ("block_out_channels", "layers_per_block")):
        raise does_not_fit(network, "its layers are others than those of the checkpoint")


def does_not_fit(network: LoadedControlNet, why: str) -> WeightsRefused:
    return WeightsRefused("wrong-size", f"The ControlNet “{network.title}” cannot be used with this checkpoint: {why}.")


def tuple_of(value: object) -> object:
    """Sizes as they compare: configs have them as lists or tuples."""
    return tuple(value) if isinstance(value, list | tuple) else value
