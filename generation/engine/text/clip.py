"""One tokenizer with its CLIP text encoder: from words to chunks, and from a chunk to hidden states.

What a prompt's syntax means is `generation.prompting`; what a whole schedule becomes is `encoding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from generation.engine.lora.file import Pairs
from generation.engine.lora.mixed_batch import MixedLoras
from generation.engine.outcome import RenderError
from generation.engine.text.cache import TextMemory
from generation.engine.text.embeddings import EmbeddingVectors
from generation.prompting import attention
from generation.prompting.chunking import COMMA, Chunk, Insert, split_into_chunks, weighted_tokens
from generation.prompting.names import KnownName, NameIndex

BOS_AND_EOS = 2


@dataclass(frozen=True, slots=True)
class HiddenLayer:
    """Which hidden states of an encoder are read: `back` 1 is the last layer's; `norm`: through its final norm."""

    back: int
    norm: bool


LAST = HiddenLayer(1, norm=True)
PENULTIMATE = HiddenLayer(2, norm=False)
"""What SDXL was trained on, for both of its encoders."""


@dataclass(frozen=True, slots=True)
class EncoderLora:
    """A LoRA as one encoder sees it."""

    key: str
    weight: float
    pairs: Pairs


@dataclass(frozen=True, slots=True)
class Reading:
    """How chunks are to be read: which layer, which (n, width) rows stand for each insert's key, which LoRAs."""

    layer: HiddenLayer = LAST
    vectors: Mapping[str, Tensor] = field(default_factory=dict)
    loras: Sequence[EncoderLora] = ()


@dataclass(frozen=True, slots=True)
class EncodedChunk:
    """States (T, width) of one chunk with BOS, EOS and padding, and the pooled projection where the encoder has one."""

    states: Tensor
    pooled: Tensor | None


class TextTower:
    """A tokenizer and a text encoder, both shared by threads: every use of them holds the memory's lock.

    `number` tells the encoders of one checkpoint apart.
    """

    def __init__(self, number: int, tokenizer: Any, encoder: Any, loras: MixedLoras, memory: TextMemory) -> None:
        self.number = number
        self.tokenizer = tokenizer
        self.encoder = encoder
        self.loras = loras
        self.memory = memory
        self.tokens: int = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
        self.chunk_length: int = self.tokens - BOS_AND_EOS
        self.width: int = encoder.config.hidden_size
        comma = tokenizer.convert_tokens_to_ids(COMMA)
        self.comma = None if comma == tokenizer.unk_token_id else comma

    def chunks(self, texts: Sequence[str], embeddings: Sequence[EmbeddingVectors] = ()) -> list[tuple[Chunk, ...]]:
        """The chunks of each scheduled text: emphasis read, words tokenized, embeddings found, BREAK obeyed."""
        index = NameIndex(KnownName(embedding.name) for embedding in embeddings)
        inserts = {embedding.name: embedding.insert for embedding in embeddings}

        def find(text: str) -> Iterator[tuple[int, int, Insert]]:
            for place in index.places(text, escaped=False):
                yield place.start, place.end, inserts[place.meant[0].name]

        with self.memory.lock:
            pieces = [weighted_tokens(attention(text), self.tokenize, find) for text in texts]
        return [split_into_chunks(text, self.chunk_length, comma=self.comma) for text in pieces]

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids without BOS and EOS, never truncated. The caller holds the lock: a fast tokenizer has state."""
        if not texts:
            return []
        encoded = self.tokenizer(list(texts), add_special_tokens=False, truncation=False, padding=False, verbose=False)
        return list(encoded.input_ids)

    def framed(self, chunk: Chunk) -> Tensor:
        """Token ids (1, T): BOS, the chunk, EOS, then the tokenizer's own padding."""
        tokenizer = self.tokenizer
        padding = [tokenizer.pad_token_id] * (self.chunk_length - len(chunk.tokens))
        ids = [tokenizer.bos_token_id, *chunk.tokens, tokenizer.eos_token_id, *padding]
        return torch.tensor([ids], device=self.encoder.device)

    def framed_weights(self, chunk: Chunk) -> Tensor:
        """A weight for each of the framed tokens, (T,) in float32 on the CPU; BOS, EOS and padding weigh 1."""
        weights = torch.ones(self.tokens)
        weights[1 : 1 + len(chunk.weights)] = torch.tensor(chunk.weights)
        return weights

    def encode(self, chunks: Iterable[Chunk], reading: Reading) -> dict[Chunk, EncodedChunk]:
        """Each chunk's encoding. Raises RenderError for a layer that the encoder has not, WeightsRefused for a LoRA.

        Chunks run one by one, so that no result depends on what is encoded beside it, and other threads get in between.
        """
        self.check_depth(reading.layer)
        encoded = {}
        for chunk in chunks:
            with self.memory.lock, self.picked(reading.loras), self.inserted(chunk, reading.vectors):
                encoded[chunk] = self.run(chunk, reading.layer)
        return encoded

    @torch.no_grad()
    def run(self, chunk: Chunk, layer: HiddenLayer) -> EncodedChunk:
        """One chunk through the encoder: states (T, width) and the pooled vector (dim,)."""
        output = self.encoder(self.framed(chunk), output_hidden_states=True)
        pooled = output.get("text_embeds")
        return EncodedChunk(self.pick_layer(output, layer)[0], None if pooled is None else pooled[0])

    def pick_layer(self, output: Any, layer: HiddenLayer) -> Tensor:
        """The hidden states (1, T, width) that `layer` names."""
        if layer == LAST:
            last: Tensor = output.last_hidden_state
            return last
        states: Tensor = output.hidden_states[-layer.back]
        return self.encoder.final_layer_norm(states) if layer.norm else states

    def check_depth(self, layer: HiddenLayer) -> None:
        depth = self.encoder.config.num_hidden_layers
        if layer.back > depth:
            raise RenderError(
                "clip-skip-too-deep",
                f"Clip skip {layer.back} asks for more layers than this checkpoint's text encoder has ({depth}).",
            )

    @contextmanager
    def picked(self, loras: Sequence[EncoderLora]) -> Iterator[None]:
        """The encoder with these LoRAs mixed in. Those of the last text stay on it, so that its next chunk is quick."""
        if loras:
            self.settle({lora.key: lora.pairs for lora in loras})
        with self.loras.rows([[(lora.key, lora.weight) for lora in loras]]):
            yield

    def settle(self, wanted: Mapping[str, Pairs]) -> None:
        resident = self.memory.resident[self.number]
        for key in resident - wanted.keys():
            self.loras.discard(key)
            resident.discard(key)
        for key in wanted.keys() - resident:
            self.loras.add(key, wanted[key])
            resident.add(key)

    @contextmanager
    def inserted(self, chunk: Chunk, vectors: Mapping[str, Tensor]) -> Iterator[None]:
        """Inside the block `vectors`, (n, width) by embedding, replace what the token table gave at their places."""
        if not chunk.inserts:
            yield
            return

        def put(module: nn.Module, inputs: Any, looked_up: Tensor) -> Tensor:
            filled = looked_up.clone()
            for offset, insert in chunk.inserts:
                start = 1 + offset
                filled[:, start : start + insert.vectors] = vectors[insert.key].to(filled)
            return filled

        hook = self.encoder.get_input_embeddings().register_forward_hook(put)
        try:
            yield
        finally:
            hook.remove()
