"""What LoRAs mixed in a batch cost: time of a UNet call, and the stall when a warm one joins. Pairs, medians, CPU."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import torch

from generation.engine.loading.checkpoints import LoadedCheckpoint
from generation.engine.lora.file import LoraPair
from generation.weightfiles.lora_keys import flatten
from tests.benchmarks._requests import cpu_seconds
from tests.tiny_loras import ATTENTION, random_pairs

RANK = 8
RowAdapters = list[tuple[str, float]]
FOUR: list[RowAdapters] = [
    [("a", 1.0)],
    [("a", 0.5), ("b", -0.4)],
    [("c", 0.8)],
    [("d", 0.25), ("e", 0.7), ("f", 1.0)],
]
GUIDED = [adapters for adapters in FOUR for _ in range(2)]
"""Eight rows: four requests with classifier-free guidance and one to three LoRAs each, six different ones in all."""

UNGUIDED = [*FOUR, [("b", 1.0)], [("c", 0.3), ("f", 0.6)], [("e", 0.9)], [("f", 0.5), ("a", 0.2), ("d", -1.0)]]
"""Eight rows of eight requests without guidance."""


class LoraBench:
    """Seven rank-8 LoRAs on the `matching` layers of a checkpoint's UNet, and batches of eight rows through it."""

    def __init__(
        self, checkpoint: LoadedCheckpoint, latent_side: int, warm_calls: int, matching: str = ATTENTION
    ) -> None:
        self.checkpoint = checkpoint
        self.warm_calls = warm_calls
        for seed, name in enumerate("abcdefg"):
            found = random_pairs(checkpoint.unet, matching, rank=RANK, seed=seed)
            pairs = {flatten(place): LoraPair(pair.down, pair.up * 0.05, 1.0) for place, pair in found.items()}
            checkpoint.unet_loras.discard(name)
            checkpoint.unet_loras.add(name, pairs)
        tokens = checkpoint.tokenizers[0].model_max_length
        self.latents = torch.randn(8, 4, latent_side, latent_side)
        self.text = torch.randn(8, tokens, checkpoint.family.context_width)

    @torch.inference_mode()
    def call(self, rows: Sequence[RowAdapters]) -> None:
        with self.checkpoint.unet_loras.rows(rows):
            self.checkpoint.unet(
                self.latents[: len(rows)], 500.0, encoder_hidden_states=self.text[: len(rows)], return_dict=False
            )

    def cost(self, rows: Sequence[RowAdapters], pairs: int) -> float:
        """The time of a call with these adapters to one without any."""
        plain: list[RowAdapters] = [[] for _ in rows]
        for _ in range(self.warm_calls):
            self.call(rows)
            self.call(plain)
        return median(self._seconds(rows) / self._seconds(plain) for _ in range(pairs))

    def grouped_cost(self, pairs: int) -> float:
        """The same four requests in four calls of their own two rows, to one call of all: without any mixing."""

        def apart() -> None:
            for adapters in FOUR:
                self.call([adapters, adapters])

        plain: list[RowAdapters] = [[] for _ in GUIDED]
        apart()
        return median(cpu_seconds(apart) / self._seconds(plain) for _ in range(pairs))

    def joining_stall(self, times: int) -> float:
        """How much longer than the calls after it the first call takes, in steps, when a warm LoRA's request joins."""

        def once(weight: float) -> float:
            before, after = GUIDED[:6], [*GUIDED[:6], [("g", weight)], [("g", weight)]]
            for _ in range(self.warm_calls):
                self.call(before)
            first = self._seconds(after)
            steady = median(self._seconds(after) for _ in range(5))
            return first / steady - 1

        return median(once(0.3 + number / 100) for number in range(times))

    def _seconds(self, rows: Sequence[RowAdapters]) -> float:
        return cpu_seconds(lambda: self.call(rows))
