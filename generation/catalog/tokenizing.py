"""Measures a text as a checkpoint's own tokenizer and its text encoder would read it, without torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

from generation.models import Checkpoint
from generation.prompting import Measure, Size
from generation.prompting.chunking import COMMA, Insert, split_into_chunks, weighted_tokens
from generation.prompting.names import NameIndex
from generation.prompting.weighing import WeightedTexts

CLIP_FOLDER = Path(__file__).parents[1] / "engine" / "configs" / "clip_tokenizer"
"""CLIP's own vocabulary, which every single-file checkpoint means."""

_CLIP_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
"""Where CLIP's tokenizer cuts a text before it looks for pieces (Radford et al. 2021, `simple_tokenizer`)."""


def measure_for(
    checkpoint: Checkpoint, names: NameIndex | None = None, vectors: Mapping[str, int] | None = None
) -> Measure:
    """Gives the tokens of a text, begin and end not counted, and its chunks: cut where the engine cuts them.

    An embedding counts as many tokens as it has `vectors`, by its name in the catalog; one without any is words.
    """
    tokenizer = _read(*_tokenizer_files(checkpoint))

    def tokenize(texts: Sequence[str]) -> list[list[int]]:
        return [found.ids for found in tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def find(text: str) -> Iterator[tuple[int, int, Insert]]:
        for place in names.places(text, escaped=False) if names and vectors else ():
            if vectors and (known := place.meant[0]).name in vectors:
                # One longer than a chunk is refused when it is drawn, and here it must not hold up the count.
                yield place.start, place.end, Insert(known.name, min(vectors[known.name], checkpoint.chunk_tokens))

    comma = tokenizer.token_to_id(COMMA)

    def measure(texts: WeightedTexts) -> Size:
        chunks = split_into_chunks(weighted_tokens(texts, tokenize, find), checkpoint.chunk_tokens, comma=comma)
        return Size(sum(len(chunk.tokens) for chunk in chunks), len(chunks))

    return measure


def _tokenizer_files(checkpoint: Checkpoint) -> tuple[Path, float]:
    """The folder of the checkpoint's tokenizer, and the time of its files, so that changed ones are read anew."""
    for root in settings.WEIGHTS_DIRS:
        folder = Path(root) / checkpoint.path / "tokenizer"
        if checkpoint.path and ((folder / "tokenizer.json").is_file() or (folder / "vocab.json").is_file()):
            return folder, max(file.stat().st_mtime for file in folder.iterdir())
    return CLIP_FOLDER, 0.0


@lru_cache(maxsize=8)
def _read(folder: Path, _written: float) -> Tokenizer:
    """tokenizer.json says all; the older vocab.json and merges.txt say only the pieces, and the rest is CLIP's."""
    if (folder / "tokenizer.json").is_file():
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer
    vocabulary = json.loads((folder / "vocab.json").read_text("utf-8"))
    lines = (folder / "merges.txt").read_text("utf-8").splitlines()
    merges = [(first, second) for first, _, second in (line.partition(" ") for line in lines) if second]
    known = [(first, second) for first, second in merges if first + second in vocabulary]
    tokenizer = Tokenizer(BPE(vocabulary, known, end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.add_special_tokens([mark for mark in ("<|startoftext|>", "<|endoftext|>") if mark in vocabulary])
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_CLIP_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return tokenizer
