"""One UNet call for the rows of many requests: put together, run, taken apart again. It decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from generation.engine.denoising import Denoising, Rows


def call_unet(batch: Sequence[Denoising]) -> list[tuple[Rows, Tensor]]:
    """Each request's rows and the UNet's prediction (rows, C, h, w) for them. All requests share one batch key."""
    checkpoint = batch[0].checkpoint
    rows = [denoising.rows() for denoising in batch]
    with checkpoint.unet_loras.rows([part.picks for part in rows for _ in part.sample]):
        prediction = checkpoint.unet(
            torch.cat([part.sample for part in rows]),
            torch.cat([part.timesteps for part in rows]).to(checkpoint.device),
            encoder_hidden_states=torch.cat([part.text for part in rows]),
            encoder_attention_mask=_mask(rows),
            added_cond_kwargs=_added_conditions(rows, checkpoint.device),
            return_dict=False,
        )[0]
    return list(zip(rows, prediction.split([len(part.sample) for part in rows]), strict=True))


def _mask(rows: Sequence[Rows]) -> Tensor | None:
    """1 for text that a row attends to, 0 for its padding, (rows, T); None where no row is padded."""
    if all(part.mask is None for part in rows):
        return None
    return torch.cat([torch.ones_like(part.text[..., 0]) if part.mask is None else part.mask for part in rows])


def _added_conditions(rows: Sequence[Rows], device: torch.device | str) -> dict[str, Tensor] | None:
    """SDXL's pooled text and time ids, None for the other families."""
    pooled = [part.pooled for part in rows if part.pooled is not None]
    time_ids = [part.time_ids for part in rows if part.time_ids is not None]
    if not pooled:
        return None
    return {"text_embeds": torch.cat(pooled), "time_ids": torch.cat(time_ids).to(device)}
