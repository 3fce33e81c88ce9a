"""Encodes the scheduled texts of a prompt with a checkpoint's text encoders, its LoRAs and embeddings, and a cache.

What the schedule means at each UNet call is `conditioning`; one encoder alone is `clip`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from generation.engine.loading.checkpoints import LoadedCheckpoint
from generation.engine.lora.mixed_batch import LoraCache
from generation.engine.outcome import RenderError, WeightsRefused
from generation.engine.text.cache import Encoded, EncodedText, TextKey, memory_of
from generation.engine.text.clip import PENULTIMATE, EncoderLora, HiddenLayer, Reading, TextTower
from generation.engine.text.embeddings import EmbeddingVectors, read_embedding
from generation.engine.text.emphasis import emphasise
from generation.engine.weightsource import WeightSource, pinned_file
from generation.prompting.chunking import EMPTY_CHUNK, Chunk
from generation.recipes.picture import EmbeddingPick, LoraPick, Recipe

MAX_CHUNKS = 256
"""How many chunks one prompt may need over its whole schedule; the longest honest prompts stay below a fifth of it."""


@dataclass(frozen=True, slots=True)
class TextChunks:
    """The chunks of each unique text of a schedule, equally many for all; how often it says each text, (texts,)."""

    chunks: list[tuple[Chunk, ...]]
    occurrences: Tensor


@dataclass(frozen=True, slots=True)
class TowerOutput:
    """What one encoder makes of all texts: states (texts, T, width), and each text's pooled vector where it has one."""

    states: Tensor
    pooled: list[Tensor | None]


class TextEncoding:
    """The text side of one loaded checkpoint. Any thread may call `encode`; the memory's lock puts them in a row."""

    def __init__(self, checkpoint: LoadedCheckpoint, loras: LoraCache, embeddings: WeightSource) -> None:
        self.checkpoint = checkpoint
        self.family = checkpoint.family
        self.loras = loras
        self.source = embeddings
        self.memory = memory_of(checkpoint.text_encoders[0])
        parts = zip(checkpoint.tokenizers, checkpoint.text_encoders, checkpoint.text_loras, strict=True)
        self.towers = tuple(TextTower(number, *part, self.memory) for number, part in enumerate(parts))

    def encode(self, recipe: Recipe, texts: tuple[str, ...]) -> Encoded:
        """Every text of one schedule, encoded together: their chunk counts and "Original" emphasis depend on all.

        All states are (T, dim), dim being the widths of all encoders. Raises RenderError and WeightsRefused.
        """
        return self.memory.encoded.get_or_make(self.key(recipe, texts), lambda: self.run(recipe, texts))

    def key(self, recipe: Recipe, texts: tuple[str, ...]) -> TextKey:
        return TextKey(
            checkpoint=self.checkpoint.sha256,
            loras=tuple(sorted((pick.sha256, pick.encoder_weight) for pick in self.text_encoder_loras(recipe.loras))),
            embeddings=tuple((pick.name, pick.sha256) for pick in recipe.embeddings),
            clip_skip=recipe.clip_skip,
            emphasis=recipe.emphasis,
            texts=texts,
        )

    def text_encoder_loras(self, picks: Sequence[LoraPick]) -> list[LoraPick]:
        """The picks that change a text encoder; many LoRAs hold weights for the UNet alone."""
        changing = []
        for pick in picks:
            pairs = self.loras.get(pick.sha256).text_encoders if pick.encoder_weight else ()
            if any(pairs[len(self.towers) :]):
                message = f"The LoRA “{pick.name}” changes a text encoder that this checkpoint does not have."
                raise WeightsRefused("other-family", message)
            if any(pairs):
                changing.append(pick)
        return changing

    def run(self, recipe: Recipe, texts: tuple[str, ...]) -> Encoded:
        """What `encode` gives, made anew."""
        unique = tuple(dict.fromkeys(texts))
        occurrences = torch.tensor([float(texts.count(text)) for text in unique])
        embeddings = [self.embedding(pick) for pick in recipe.embeddings]
        outputs = []
        for tower in self.towers:
            chunks = TextChunks(level(tower.chunks(unique, embeddings)), occurrences)
            outputs.append(run_tower(tower, chunks, self.reading(tower, recipe, embeddings), recipe.emphasis))
        states = torch.cat([output.states for output in outputs], dim=-1)
        pooled = outputs[-1].pooled
        return {text: EncodedText(states[i], pooled[i]) for i, text in enumerate(unique)}

    def reading(self, tower: TextTower, recipe: Recipe, embeddings: Sequence[EmbeddingVectors]) -> Reading:
        number = tower.number
        picks = [
            (pick, self.loras.get(pick.sha256).text_encoders[number]) for pick in self.text_encoder_loras(recipe.loras)
        ]
        return Reading(
            layer=PENULTIMATE if self.family.penultimate else HiddenLayer(recipe.clip_skip, norm=True),
            vectors={embedding.insert.key: embedding.tensors[number] for embedding in embeddings},
            loras=[EncoderLora(pick.sha256, pick.encoder_weight, pairs) for pick, pairs in picks if pairs],
        )

    def embedding(self, pick: EmbeddingPick) -> EmbeddingVectors:
        return self.memory.embeddings.get_or_make(pick, lambda: self.read(pick))

    def read(self, pick: EmbeddingPick) -> EmbeddingVectors:
        path = pinned_file(self.source.embedding, pick.sha256, f"embedding “{pick.name}”")
        longest = min(tower.chunk_length for tower in self.towers)
        return read_embedding(path, pick.name, pick.sha256, [tower.width for tower in self.towers], longest)


def run_tower(tower: TextTower, texts: TextChunks, reading: Reading, emphasis: str) -> TowerOutput:
    """Encode each different chunk once, then weigh and join: first chunks of all texts, second chunks of all, ...

    Each chunk is (T, width), the states of all texts (texts, chunks * T, width).
    """
    encoded = tower.encode(dict.fromkeys(chunk.unweighted() for row in texts.chunks for chunk in row), reading)
    columns = []
    for column in zip(*texts.chunks, strict=True):
        states = torch.stack([encoded[chunk.unweighted()].states for chunk in column])
        weights = torch.stack([tower.framed_weights(chunk) for chunk in column])
        columns.append(emphasise(emphasis, states, weights, texts.occurrences))
    return TowerOutput(torch.cat(columns, dim=1), [encoded[row[0].unweighted()].pooled for row in texts.chunks])


def level(texts: Sequence[tuple[Chunk, ...]]) -> list[tuple[Chunk, ...]]:
    """The texts brought to one length with empty chunks. Raises RenderError where they are more than MAX_CHUNKS."""
    longest = max(len(chunks) for chunks in texts)
    if longest * len(texts) > MAX_CHUNKS:
        raise too_heavy()
    return [chunks + (EMPTY_CHUNK,) * (longest - len(chunks)) for chunks in texts]


def too_heavy() -> RenderError:
    message = (
        f"The prompt's texts over all steps are longer than {MAX_CHUNKS} chunks; write less, or switch less often."
    )
    return RenderError("prompt-too-heavy", message)
