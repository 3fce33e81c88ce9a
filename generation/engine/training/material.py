"""What a training feeds to the UNet: the pictures' latents and the captions' encodings, made once where they may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from generation.engine.training.buckets import Size, bucket_sizes
from generation.engine.training.networks import Networks, TimeIds, Words, joined
from generation.engine.training.pictures import Fitted, TrainingPicture, fitted, size_of
from generation.recipes.training import TrainingRecipe

Turn = Callable[[], AbstractContextManager[object]]
"""Entered around each piece of work on the device, so that whoever draws pictures goes first."""


class Material:
    """Pictures and captions of one training. Captions stay uncached where a text encoder learns."""

    def __init__(
        self, networks: Networks, recipe: TrainingRecipe, pictures: Sequence[TrainingPicture], turn: Turn
    ) -> None:
        self.networks = networks
        self.turn = turn
        self.pictures = pictures
        resolution = recipe.resolution or networks.family.native_side
        sizes = bucket_sizes(resolution, networks.block)
        side = max(networks.block, resolution - resolution % networks.block)
        self.square = Size(side, side)
        self.sizes = tuple(size_of(picture, sizes) for picture in pictures)
        self.captions = tuple(picture.caption.strip() or recipe.trigger for picture in pictures)
        self._keeps_latents = recipe.cache
        self._keeps_words = recipe.cache and "text_encoder" not in recipe.parts
        self._latents: dict[tuple[int, bool], tuple[Tensor, TimeIds]] = {}
        self._words: dict[str, Words] = {}

    def prepare(self, captions: Iterable[str], *, flips: bool) -> None:
        """Encode everything once; afterwards the text encoders are not needed. Does nothing where nothing is kept."""
        if self._keeps_latents:
            for index in range(len(self.pictures)):
                for flip in {False, flips}:
                    with self.turn():
                        self._latents[index, flip] = self._encoded(index, flip)
        if self._keeps_words:
            for caption in dict.fromkeys([*self.captions, *captions]):
                with self.turn(), torch.no_grad():
                    self._words[caption] = self.networks.read([caption])
            self.networks.forget_text_encoders()

    def latents(self, indices: Sequence[int], flips: Sequence[bool] | None = None) -> tuple[Tensor, list[TimeIds]]:
        """Latents (n, C, h, w) of pictures of one size, mirrored where asked, and their size numbers."""
        mirrored = flips or [False] * len(indices)
        found = [
            self._latents.get((index, flip)) or self._encoded(index, flip)
            for index, flip in zip(indices, mirrored, strict=True)
        ]
        return torch.cat([latents for latents, _ in found]), [time_ids for _, time_ids in found]

    def words(self, captions: Sequence[str]) -> Words:
        """The captions as the UNet reads them; with gradients where a text encoder learns and gradients are on."""
        if not self._words:
            return self.networks.read(captions)
        return joined([self._words[caption] for caption in captions])

    def square_latents(self, index: int) -> Tensor:
        """A picture as samples have it, (1, C, h, w): square, for comparing."""
        return self.networks.encode(fitted(self.pictures[index], self.square).values)

    def _encoded(self, index: int, flip: bool) -> tuple[Tensor, TimeIds]:
        found: Fitted = fitted(self.pictures[index], self.sizes[index], flip=flip)
        return self.networks.encode(found.values), found.time_ids
