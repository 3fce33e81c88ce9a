"""What is remembered of a checkpoint's text side: encoded texts by everything that decides them, bounded by bytes."""

from __future__ import annotations

import threading
import weakref
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torch import Tensor, nn

from generation.engine.lru_cache import LruCache
from generation.recipes.picture import EmbeddingPick

if TYPE_CHECKING:
    from generation.engine.text.embeddings import EmbeddingVectors

ENCODED_BUDGET_BYTES = 128 * 1024 * 1024
EMBEDDINGS_BUDGET_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class EncodedText:
    """States (T, dim) of one text, and the pooled vector (dim,) of its first chunk for families that have one."""

    states: Tensor
    pooled: Tensor | None = None


Encoded = dict[str, EncodedText]
"""The texts of one schedule, each with its encoding; all of one T."""


def encoded_bytes(encoded: Encoded) -> int:
    tensors = [tensor for text in encoded.values() for tensor in (text.states, text.pooled)]
    return sum(tensor.nbytes for tensor in tensors if tensor is not None)


@dataclass(frozen=True, slots=True)
class TextKey:
    """All that decides the encoding of a prompt's scheduled texts.

    `loras` are (sha256, text-encoder weight) pairs, `embeddings` are (name, sha256) pairs. `texts` is the whole
    schedule in its order, because "Original" emphasis takes its mean over all of it.
    """

    checkpoint: str
    loras: tuple[tuple[str, float], ...]
    embeddings: tuple[tuple[str, str], ...]
    clip_skip: int
    emphasis: str
    texts: tuple[str, ...]


@dataclass(slots=True)
class TextMemory:
    """Kept beside a checkpoint's text encoders for as long as they are loaded, whoever holds a lease.

    `lock` is held around every use of the tokenizers and encoders; `resident` (under the lock) are the LoRAs by sha256
    that lie on each encoder.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    resident: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    encoded: LruCache[TextKey, Encoded] = field(default_factory=lambda: LruCache(ENCODED_BUDGET_BYTES, encoded_bytes))
    embeddings: LruCache[EmbeddingPick, EmbeddingVectors] = field(
        default_factory=lambda: LruCache(EMBEDDINGS_BUDGET_BYTES, lambda embedding: embedding.size_bytes)
    )


_memories: weakref.WeakKeyDictionary[nn.Module, TextMemory] = weakref.WeakKeyDictionary()
_memories_lock = threading.Lock()


def memory_of(encoder: nn.Module) -> TextMemory:
    """The one memory of a checkpoint, found by its first text encoder, which leases with other VAEs share."""
    with _memories_lock:
        return _memories.setdefault(encoder, TextMemory())
