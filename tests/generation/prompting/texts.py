"""Texts that more than one test reads: four prompts that people bring along, hostile ones, and random ones."""

from __future__ import annotations

import random

MUSICIAN = (
    "<lora: hipoly3DModelLora_v20:0.5>, 3d, realistic, masterpiece, best quality, 1girl, Musician, "
    "holding an instrument"
)
EASY_NEGATIVE = "[ : EasyNegative:0.5], extra fingers, fewer fingers, face paint, mole."
CAT = (
    "<(photorealistic:1.4), (extremely intricate:1.2)>, <(exquisitely detailed skin), cinematic light>, no humans, "
    "(((cat, rainbow cat))), photo background, (((lying on the floor)))"
)
WORST = "(Worst quality, normal quality, low quality:1.7), watermark, signature, text, freckles, low res"

LENGTH = 2_000

# Each is repeated and cut to LENGTH: brackets that never close, that close late, signs without sense, long white space.
_REPEATED = (
    "(", "(a", "[", "[a", ")", "]", ":", ": ", "|", "\\", "{", "{a|", "_", "__a", "__a__", "__a-", "<a:", "<lora:a>",
    "#", "\n#", " ", "\t\n", "BREAK ", " AND", "a AND b:2 ", "(a:1.", "(a:1..2)", "([", "([)]", "(a [b) c]", "[a|b]",
    "[a:b:.5]", "[a:b:c:", "[|", "[:0.5]", "a:1", "1", ".", "<lora:x:1..2>", "EasyNegativ-2 ", "\\(", "é(", "🙂[",
)  # fmt: skip
_NESTED = (
    ("(", ")"),
    ("(a", ")"),
    ("[x", ":y:.5]"),
    ("[x", "|y]"),
    ("{a|", "}"),
    ("(", ":1.1)"),
    ("[", "]"),
)
_LONG = (
    ":" + " " * LENGTH,
    ": 1" + " " * LENGTH,
    ":" + "1" * LENGTH,
    "(a:" + "9" * LENGTH,
    "[a:b:" + "9" * LENGTH,
)

ATOMS = (
    "a", "cat", " ", ",", "\n", "(", ")", "[", "]", "{", "}", "<", ">", ":", "|", "\\", "#", "_", "__", ".", "-", "=",
    "0.5", "10", "1e3", "1..2", "BREAK", "AND", ":1.3)", ":0.5]", "[a:b:2]", "[c|d]", "<lora:x:1>", "<hypernet:y>",
    "<lora:", "{e|f}", "__list__", "\\(", "é", "🙂", "\u2028", "\x00", "٣", "İ",
)  # fmt: skip


def hostile() -> list[str]:
    """Texts of LENGTH characters meant to be slow or deep."""
    repeated = [(each * LENGTH)[:LENGTH] for each in _REPEATED]
    nested = []
    for before, after in _NESTED:
        times = LENGTH // len(before + after)
        nested.append(before * times + after * times)
    odd_lengths = "".join(f"[{'|'.join('abcdefghijklm'[:options])}]" for options in (2, 3, 5, 7, 11, 13))
    return [*repeated, *nested, *(each[:LENGTH] for each in _LONG), (odd_lengths + "(a[b|c])" * LENGTH)[:LENGTH]]


def random_texts(count: int, seed: int, longest: int = 40) -> list[str]:
    """Strings of signs that mean something here, of `longest` parts at most."""
    chance = random.Random(seed)
    return ["".join(chance.choices(ATOMS, k=chance.randint(0, longest))) for _ in range(count)]
