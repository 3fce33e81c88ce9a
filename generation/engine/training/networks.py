"""The networks that a training works on: its own copy of a checkpoint, never the one that pictures are drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from generation.engine.families import Family
from generation.engine.loading.components import LoadedComponents
from generation.engine.loading.layouts import load_components
from generation.engine.text.clip import PENULTIMATE
from generation.engine.training.buckets import Size

TimeIds = tuple[int, int, int, int, int, int]
"""SDXL's size numbers in pixels: original height and width, top and left of the cut, height and width now."""


@dataclass(frozen=True, slots=True)
class EncodedCaptions:
    """Encoded captions: states (n, T, dim) and, for families that have one, the pooled vector (n, dim)."""

    states: Tensor
    pooled: Tensor | None

    def rows(self, rows: Sequence[int]) -> EncodedCaptions:
        """These rows, in this order; one may come several times: (len(rows), T, dim)."""
        return EncodedCaptions(self.states[list(rows)], None if self.pooled is None else self.pooled[list(rows)])


def joined(captions: Sequence[EncodedCaptions]) -> EncodedCaptions:
    """All rows one after another, (n, T, dim)."""
    pooled = [one.pooled for one in captions if one.pooled is not None]
    return EncodedCaptions(torch.cat([one.states for one in captions]), torch.cat(pooled) if pooled else None)


class Networks:
    """A checkpoint in memory for training, gradients off. On a GPU in bfloat16 where it can, on a CPU in float32."""

    def __init__(self, base: Path, device: torch.device) -> None:
        self.device = device
        self.dtype = training_dtype(device)
        self.components: LoadedComponents = load_components(base, device=device, dtype=self.dtype)
        self.unet: Any = self.components.unet
        self.vae: Any = self.components.vae
        self.text_encoders: tuple[Any, ...] = self.components.text_encoders

    @property
    def family(self) -> Family:
        return self.components.family

    @property
    def vae_factor(self) -> int:
        """Pixels a side for one latent."""
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def block(self) -> int:
        """Pixels a side must be a multiple of this for the UNet to come back to the size that it began with."""
        return int(self.vae_factor * 2 ** (len(self.unet.config.block_out_channels) - 1))

    @property
    def prediction_type(self) -> str:
        return str(self.components.scheduler_config.get("prediction_type", "epsilon"))

    def latent_shape(self, size: Size) -> tuple[int, int, int]:
        return int(self.unet.config.in_channels), size.height // self.vae_factor, size.width // self.vae_factor

    @torch.no_grad()
    def encode_pixels(self, values: Tensor) -> Tensor:
        """Pixels (n, 3, H, W) in -1..1 to scaled latents (n, C, h, w) in float32: the mode, without the VAE's noise."""
        mode = self.vae.encode(values.to(self.device, self.vae.dtype)).latent_dist.mode()
        scaled: Tensor = (mode * self.vae.config.scaling_factor).float()
        return scaled

    def encode_captions(self, captions: Sequence[str]) -> EncodedCaptions:
        """Captions to what the UNet reads, states (n, T, dim), with gradients where a text encoder learns.

        Beyond one chunk they are cut. Emphasis and other prompt syntax is plain text: a caption says what is seen.
        """
        states, pooled = [], None
        for tokenizer, encoder in zip(self.components.tokenizers, self.text_encoders, strict=True):
            output = encoder(self._token_ids(tokenizer, encoder, captions), output_hidden_states=True)
            picked = output.hidden_states[-PENULTIMATE.back] if self.family.penultimate else output.last_hidden_state
            states.append(picked)
            pooled = output.get("text_embeds")
        return EncodedCaptions(torch.cat(states, dim=-1), pooled if self.family.pooled else None)

    def predict(
        self, noisy: Tensor, timesteps: Tensor, captions: EncodedCaptions, time_ids: Sequence[TimeIds]
    ) -> Tensor:
        """The UNet's prediction (n, C, h, w) in float32 for noisy latents of that shape; everything has n rows."""
        added = None
        if captions.pooled is not None:
            ids = torch.tensor(time_ids, device=self.device, dtype=self.dtype)
            added = {"text_embeds": captions.pooled.to(self.dtype), "time_ids": ids}
        with torch.autocast("cuda", self.dtype, enabled=self.dtype == torch.bfloat16):
            prediction: Tensor = self.unet(
                noisy.to(self.dtype),
                timesteps,
                encoder_hidden_states=captions.states.to(self.dtype),
                added_cond_kwargs=added,
                return_dict=False,
            )[0]
        return prediction.float()

    def forget_text_encoders(self) -> None:
        """Let their memory go once every caption is encoded."""
        self.text_encoders = ()
        self.components = LoadedComponents(
            self.components.family,
            self.unet,
            self.vae,
            (),
            self.components.tokenizers,
            self.components.scheduler_config,
        )

    def _token_ids(self, tokenizer: Any, encoder: Any, captions: Sequence[str]) -> Tensor:
        """Token ids (n, T) with BOS, EOS and padding."""
        length = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
        encoded = tokenizer(
            list(captions), padding="max_length", max_length=length, truncation=True, return_tensors="pt"
        )
        ids: Tensor = encoded.input_ids.to(self.device)
        return ids


def training_dtype(device: torch.device) -> torch.dtype:
    """What the frozen weights are kept in; what is learned is always float32.

    Not float16: its gradients need a loss scale, whose history would have to be resumed to the bit.
    """
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.bfloat16
    return torch.float32
