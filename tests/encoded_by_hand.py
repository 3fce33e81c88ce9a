"""Prompts encoded by the engine, and the same by hand: tokens framed and padded here, one run of the text encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from generation.engine.loading.checkpoints import CheckpointCache, FolderWeights, LoadedCheckpoint
from generation.engine.lora.mixed_batch import LoraCache
from generation.engine.text.conditioning import Conditioner, Conditioning
from generation.recipes.picture import Recipe
from tests.tiny_weights import BUNDLED_CHECKPOINT, tiny_checkpoint

Lease = Callable[[str], LoadedCheckpoint]


def folder_of(family: str) -> Path:
    return BUNDLED_CHECKPOINT if family == "mini" else tiny_checkpoint(family)


def families() -> Iterator[Lease]:
    """Gives the checkpoint of a family (mini, sd1, sd2, sdxl), loaded once, for as long as the generator is held."""
    held: dict[str, LoadedCheckpoint] = {}
    with ExitStack() as leases:

        def get(family: str) -> LoadedCheckpoint:
            if family not in held:
                cache = CheckpointCache(FolderWeights({family: folder_of(family)}), budget_bytes=1)
                held[family] = leases.enter_context(cache.lease(family))
            return held[family]

        yield get


def encode(checkpoint: LoadedCheckpoint, recipe: Recipe, calls: int = 20, **files: Path) -> Conditioning:
    source = FolderWeights(files)
    return Conditioner(checkpoint, LoraCache(source, 10**8), source).encode(recipe, calls)


def positive(checkpoint: LoadedCheckpoint, prompt: str, **changes: Any) -> Tensor:
    return encode(checkpoint, Recipe(prompt, **changes)).at(0).positive[0][0]


def negative(checkpoint: LoadedCheckpoint, text: str) -> Tensor:
    found = encode(checkpoint, Recipe("cat", text)).at(0).negative
    assert found is not None
    return found


def ids_of(checkpoint: LoadedCheckpoint, text: str) -> list[int]:
    found: list[int] = checkpoint.tokenizers[0](text, add_special_tokens=False).input_ids
    return found


def run_encoder(checkpoint: LoadedCheckpoint, ids: list[int], number: int = 0) -> Any:
    """The encoder's whole output for one chunk, framed and padded here."""
    tokenizer = checkpoint.tokenizers[number]
    framed = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
    framed += [tokenizer.pad_token_id] * (tokenizer.model_max_length - len(framed))
    with torch.no_grad():
        return checkpoint.text_encoders[number](torch.tensor([framed]), output_hidden_states=True)


def weighed(checkpoint: LoadedCheckpoint, ids: list[int], weights: dict[int, float]) -> Tensor:
    """One chunk with the tokens at these places (BOS is 0) multiplied, without restoring the mean."""
    states: Tensor = run_encoder(checkpoint, ids).last_hidden_state[0].clone()
    for place, weight in weights.items():
        states[place] *= weight
    return states
