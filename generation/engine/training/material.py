"""What a training feeds to the UNet: the pictures' latents and the captions' encodings, made once where they may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from generation.engine.training.buckets import Size, bucket_of, bucket_sizes
from generation.engine.training.networks import EncodedCaptions, Networks, TimeIds, joined
from generation.engine.training.pictures import TrainingPicture, fitted
from generation.recipes.training import TrainingRecipe

TimeSlice = Callable[[], AbstractContextManager[object]]
"""Entered around each piece of work on the device, so that pictures go first (see `device_arbiter`)."""


class Material:
    """Pictures and captions of one training. Captions stay uncached where a text encoder learns."""

    def __init__(
        self, networks: Networks, recipe: TrainingRecipe, pictures: Sequence[TrainingPicture], time_slice: TimeSlice
    ) -> None:
        self.networks = networks
        self.time_slice = time_slice
        self.pictures = pictures
        resolution = recipe.resolution or networks.family.native_side
        sizes = bucket_sizes(resolution, networks.block)
        side = max(networks.block, resolution - resolution % networks.block)
        self.square = Size(side, side)
        self.sizes = tuple(bucket_of(*picture.image().size, sizes) for picture in pictures)
        self.captions = tuple(picture.caption.strip() or recipe.trigger for picture in pictures)
        self._keeps_latents = recipe.cache
        self._keeps_captions = recipe.cache and "text_encoder" not in recipe.parts
        self._latents: dict[tuple[int, bool], tuple[Tensor, TimeIds]] = {}
        self._captions: dict[str, EncodedCaptions] = {}

    def prepare(self, captions: Iterable[str], *, flips: bool) -> None:
        """Encode everything once; afterwards the text encoders are not needed. Does nothing where nothing is kept."""
        if self._keeps_latents:
            for index in range(len(self.pictures)):
                for flip in {False, flips}:
                    with self.time_slice():
                        self._latents[index, flip] = self._encode(index, flip)
        if self._keeps_captions:
            for caption in dict.fromkeys([*self.captions, *captions]):
                with self.time_slice(), torch.no_grad():
                    self._captions[caption] = self.networks.encode_captions([caption])
            self.networks.forget_text_encoders()

    def latents(self, indices: Sequence[int], flips: Sequence[bool] | None = None) -> tuple[Tensor, list[TimeIds]]:
        """Latents (n, C, h, w) of pictures of one size, mirrored where asked, and their size numbers."""
        mirrored = flips or [False] * len(indices)
        pictures = [
            self._latents.get((index, flip)) or self._encode(index, flip)
            for index, flip in zip(indices, mirrored, strict=True)
        ]
        return torch.cat([latents for latents, _ in pictures]), [time_ids for _, time_ids in pictures]

    def encoded(self, captions: Sequence[str]) -> EncodedCaptions:
        """The captions as the UNet reads them, states (n, T, dim); with gradients where a text encoder learns."""
        if not self._captions:
            return self.networks.encode_captions(captions)
        return joined([self._captions[caption] for caption in captions])

    def square_latents(self, index: int) -> Tensor:
        """A picture as samples have it, (1, C, h, w): square, for comparing."""
        return self.networks.encode_pixels(fitted(self.pictures[index], self.square).values)

    def _encode(self, index: int, flip: bool) -> tuple[Tensor, TimeIds]:
        """Latents (1, C, h, w) of a picture in its bucket, and its size numbers."""
        picture = fitted(self.pictures[index], self.sizes[index], flip=flip)
        return self.networks.encode_pixels(picture.values), picture.time_ids
