"""How near a snapshot's samples come to the pictures: to those it learned, to those it never saw, and whether too near.

Likeness is the cosine of the base VAE's latents: that embedding is always there, with no other network to fetch. No
checkpoint that Tempera loads brings a CLIP image tower. The pages and the API say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import torch
from torch import Tensor

from generation.engine.outcome import Pixels
from generation.engine.training.learner import Learner
from generation.engine.training.material import Material
from generation.engine.training.pictures import fitted
from generation.engine.training.sampling import SamplePicture
from generation.imaging.pdq import BITS, SAME_PICTURE, SURE_QUALITY, pdq_distance, pdq_hash


@dataclass(frozen=True, slots=True)
class Likeness:
    """See `outcome.Measured`."""

    training: float
    validation: float | None
    closest: int | None
    memorised: tuple[tuple[int, str], ...]


class Evaluation:
    """The pictures of one training as they are compared with; encoded once."""

    def __init__(self, material: Material, learner: Learner) -> None:
        self._names = {index: material.pictures[index].name for index in learner.learned}
        learned = [_square(material, index) for index in learner.learned]
        # What all pictures share, a white ground above all, would make everything alike: it is taken out.
        self._common = torch.cat(learned).mean(dim=0, keepdim=True)
        self._learned = self._directions(learned)
        self._held_out = self._directions([_square(material, index) for index in learner.held_out])
        # Where half of the looks were mirrored, a mirrored picture is what it learned by heart.
        sides = (False, True) if learner.context.recipe.flip else (False,)
        hashes = [(index, _sure_hash(_pixels_of(material, index, flip))) for index in learner.learned for flip in sides]
        self._hashes = [(index, hashed) for index, hashed in hashes if hashed is not None]

    def of(self, samples: Sequence[SamplePicture]) -> Likeness:
        directions = self._directions([sample.latents for sample in samples])
        distances = self._distances(samples)
        return Likeness(
            training=_nearest(directions, self._learned) or 0.0,
            validation=_nearest(directions, self._held_out),
            closest=min(distances.values(), default=None),
            memorised=tuple(pair for pair, distance in distances.items() if distance <= SAME_PICTURE),
        )

    def _distances(self, samples: Sequence[SamplePicture]) -> dict[tuple[int, str], int]:
        """From each sample to each picture, the nearer side of it; what is too flat to tell is left out."""
        distances: dict[tuple[int, str], int] = {}
        for number, sample in enumerate(samples):
            if (mine := _sure_hash(sample.pixels)) is None:
                continue
            for index, hashed in self._hashes:
                pair = (number, self._names[index])
                distances[pair] = min(pdq_distance(mine, hashed), distances.get(pair, BITS))
        return distances

    def _directions(self, latents: Sequence[Tensor]) -> list[Tensor]:
        """Latents (1, C, h, w) less what all share, as unit vectors (C * h * w,)."""
        return [torch.nn.functional.normalize((one - self._common).flatten(), dim=0) for one in latents]


def _nearest(samples: Sequence[Tensor], pictures: Sequence[Tensor]) -> float | None:
    """The mean over samples of the cosine to the nearest picture; all are (d,). None without pictures."""
    if not pictures:
        return None
    return mean(max(float(sample @ picture) for picture in pictures) for sample in samples)


def _square(material: Material, index: int) -> Tensor:
    """A picture's latents (1, C, h, w), encoded in a time slice."""
    with material.time_slice():
        return material.square_latents(index)


def _pixels_of(material: Material, index: int, flip: bool) -> Pixels:
    """A picture as samples are compared with it: uint8 (side, side, 3)."""
    values = fitted(material.pictures[index], material.square, flip=flip).values[0].permute(1, 2, 0).numpy()
    pixels: Pixels = ((values + 1) * 127.5).round().astype("uint8")
    return pixels


def _sure_hash(pixels: Pixels) -> str | None:
    """None for a picture so flat that its hash is noise: a likeness found by it would be none."""
    hashed, quality = pdq_hash(pixels)
    return hashed if quality >= SURE_QUALITY else None
