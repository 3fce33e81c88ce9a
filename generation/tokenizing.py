"""Counts a text's tokens as a checkpoint's own tokenizer does, without torch. Chunks are the engine's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

from generation.models import Checkpoint, Embedding

CLIP_FOLDER = Path(__file__).parent / "engine" / "configs" / "clip_tokenizer"
"""CLIP's own vocabulary, which every single-file checkpoint means."""

_CLIP_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
"""Where CLIP's tokenizer cuts a text before it looks for pieces (Radford et al. 2021, `simple_tokenizer`)."""


def token_counter(checkpoint: Checkpoint, embeddings: Iterable[Embedding] = ()) -> Callable[[str], int]:
    """Gives the tokens of a text, begin and end not counted; an embedding's name counts as many as it has vectors."""
    tokenizer = _read(*_tokenizer_files(checkpoint))
    vectors = {row.name.lower(): row.tokens for row in embeddings}
    names = _name_pattern(vectors)

    def count(text: str) -> int:
        found = [vectors[name.lower()] for name in names.findall(text)] if names else []
        rest = names.sub(" ", text) if names and found else text
        return sum(found) + len(tokenizer.encode(rest, add_special_tokens=False).ids)

    return count


def _name_pattern(vectors: dict[str, int]) -> re.Pattern[str] | None:
    longest_first = sorted(filter(None, vectors), key=len, reverse=True)
    if not longest_first:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)


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
