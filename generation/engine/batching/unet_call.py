"""One UNet call for the rows of many requests: put together, run, taken apart again. It decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from generation.engine.batching.residuals import residuals_of
from generation.engine.denoising import Denoising, UNetInputs


def call_unet(batch: Sequence[Denoising]) -> list[tuple[UNetInputs, Tensor]]:
    """Each request's inputs and the UNet's prediction (rows, C, h, w) for them. All requests share one batch key."""
    checkpoint = batch[0].checkpoint
    inputs = [denoising.inputs() for denoising in batch]
    residuals = residuals_of(inputs)
    with checkpoint.unet_loras.rows([one.adapters for one in inputs for _ in one.sample]):
        prediction = checkpoint.unet(
            torch.cat([one.sample for one in inputs]),
            torch.cat([one.timesteps for one in inputs]).to(checkpoint.device),
            encoder_hidden_states=torch.cat([one.text for one in inputs]),
            encoder_attention_mask=_mask(inputs),
            added_cond_kwargs=_added_conditions(inputs, checkpoint.device),
            down_block_additional_residuals=residuals[:-1] if residuals else None,
            mid_block_additional_residual=residuals[-1] if residuals else None,
            return_dict=False,
        )[0]
    return list(zip(inputs, prediction.split([len(one.sample) for one in inputs]), strict=True))


def _mask(inputs: Sequence[UNetInputs]) -> Tensor | None:
    """1 for text that a row attends to, 0 for its padding, (rows, T); None where no row is padded."""
    if all(one.mask is None for one in inputs):
        return None
    return torch.cat([torch.ones_like(one.text[..., 0]) if one.mask is None else one.mask for one in inputs])


def _added_conditions(inputs: Sequence[UNetInputs], device: torch.device | str) -> dict[str, Tensor] | None:
    """SDXL's pooled text (rows, dim) and time ids (rows, 6), None for the other families."""
    pooled = [one.pooled for one in inputs if one.pooled is not None]
    time_ids = [one.time_ids for one in inputs if one.time_ids is not None]
    if not pooled:
        return None
    return {"text_embeds": torch.cat(pooled), "time_ids": torch.cat(time_ids).to(device)}
