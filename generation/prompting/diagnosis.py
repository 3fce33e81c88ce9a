"""Finds what is probably not meant in the syntax of a prompt, and holds the sentences for every problem."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from generation.prompting.composition import AND, MAX_PROMPTS, Subprompt, trailing_weight
from generation.prompting.grammar import Alternation, Script, Switch
from generation.prompting.report import Problem, Severity
from generation.prompting.traced import Span, Traced

_BRACKET = re.compile(r"\\[()\[\]\\]?|[()\[\]]")
_LAST_PART = re.compile(r":([^()\[\]:|\\\n]*)\)")
_NUMBER_LIKE = re.compile(r"[+-]?[.\d]")
_NUMBER = re.compile(r"[+-]?[.\d]+")
_OPENER = {")": "(", "]": "["}

_SENTENCES: dict[str, tuple[Severity, str]] = {
    "unclosed-bracket": (
        "warning",
        "This “{sign}” is never closed and counts to the end. Write \\{sign} for the sign.",
    ),
    "unopened-bracket": ("warning", "This “{sign}” closes nothing; it is text. Write \\{sign} for the sign."),
    "bad-weight": ("error", "“{text}” is not a number, so it is no weight."),
    "odd-weight": ("warning", "“{text}” is not a number: it is read as text, and the brackets count 1.1."),
    "huge-weight": ("error", "This weight is too large for a number."),
    "break-in-brackets": ("warning", "BREAK within brackets is a word with a negative weight, not a break."),
    "weight-without-and": ("warning", "A weight at the end of a prompt counts only beside AND; here it is text."),
    "empty-prompt": ("warning", "AND joins nothing here."),
    "too-many-prompts": ("error", "AND can join at most {most} prompts."),
    "bad-when": (
        "warning",
        "“{text}” is neither a step nor a fraction, so these brackets are no schedule.",
    ),
    "too-many-parts": ("warning", "A schedule is [from:to:when]; with more colons these brackets are text."),
    "when-in-alternation": ("warning", "An alternation [a|b] takes no “when”, so these brackets are text."),
    "inner-not-whole": ("warning", "These brackets are text, because some within them are not a schedule either."),
    "literal-prompt": (
        "warning",
        "Because of this “{sign}” no schedule of this prompt is followed. Write \\{sign} for the sign.",
    ),
    "empty-alternative": ("warning", "One of these options is empty."),
    "never-seen": ("warning", "This part is never used: of {steps} steps the switch leaves none for it."),
    "unknown-tag": ("warning", "Tags <{name}:...> mean nothing here; this one is left out."),
    "unclosed-tag": ("warning", "This tag is not closed with “>”, or is empty; it is text."),
    "scheduled-tag": ("warning", "A LoRA works at all steps; the schedule around its tag does not change that."),
    "tag-in-negative": ("warning", "In a negative prompt a tag is text and loads nothing."),
    "and-in-negative": ("warning", "In a negative prompt AND is a word."),
    "unknown-lora": ("error", "There is no LoRA “{name}”."),
    "several-loras": ("error", "“{name}” is the file of several LoRAs; write the name of the one that you mean."),
    "namesake": ("warning", "This is the LoRA “{name}”; the file of “{other}” is called so, too."),
    "wrong-family": ("error", "The LoRA “{name}” is made for another family of checkpoints."),
    "embedding-wrong-family": ("warning", "The embedding “{name}” is made for another family; here it is a word."),
    "several-embeddings": (
        "error",
        "“{name}” is the file of several embeddings; write the name of the one that you mean.",
    ),
    "embedding-brackets": (
        "warning",
        "Bare brackets weigh words, so no embedding is found here. Write {written} for its name.",
    ),
    "unknown-embedding": ("warning", "There is no embedding “{name}”; it is read as words."),
    "wildcard-unknown": ("error", "There is no wildcard list “{name}”."),
    "wildcard-empty": ("error", "The wildcard list “{name}” is empty."),
    "expansion-limit": ("error", "The wildcard “{name}” leads on to too many others, or to itself."),
    "choice-unclosed": ("warning", "This “{{” is never closed, so nothing is chosen."),
    "choice-single": (
        "warning",
        "Braces choose between options; without a “|” they are text. Write (word:1.1) to weigh a word.",
    ),
    "choice-of-all": ("warning", "“!” asks for a picture of every option; here one is drawn. A grid draws them all."),
    "choice-weightless": ("warning", "All weights are 0 here, so each option is as likely as the others."),
    "variable-unknown": ("error", "There is no variable “{name}” here. Set it before with ${{{name}=...}}."),
    "variable-limit": ("error", "The variable “{name}” leads on to too many others, or to itself."),
    "not-all-weighed": ("warning", "This prompt changes so often that the weights of its later steps are not shown."),
}
_REJECTED = {
    "when": "bad-when",
    "parts": "too-many-parts",
    "mixed": "when-in-alternation",
    "inner": "inner-not-whole",
}


def problem(code: str, span: Span, suggestions: tuple[str, ...] = (), **words: Any) -> Problem:
    """The problem of this code at `span` of the original, with its sentence."""
    severity, sentence = _SENTENCES[code]
    names = " or ".join(f"“{name}”" for name in suggestions)
    hint = f" Did you mean {names}?" if names else ""
    return Problem(*span, code, sentence.format(**words) + hint, severity, suggestions)


def syntax_problems(script: Script, source: Traced, steps: int) -> Iterator[Problem]:
    """What is odd about the brackets of one prompt. `source` is the text that `script` was read from."""
    yield from _bracket_problems(source)
    yield from _weight_problems(source)
    for rejected in script.rejected:
        text = source.text[rejected.part_start : rejected.end - 1].strip()
        yield problem(_REJECTED[rejected.reason], source.origin(rejected.start, rejected.end), text=_short(text))
    place = script.literal_at
    if place is not None and script.units:
        yield problem("literal-prompt", source.origin(place, place + 1), sign=source.text[place])
    for unit in script.units if place is None else ():
        yield from _unused(unit, source, steps) if isinstance(unit, Switch) else _empty_options(unit, source)


def composition_problems(parts: list[Subprompt], source: Traced) -> Iterator[Problem]:
    if len(parts) == 1:
        trailing = trailing_weight(source.text)
        if trailing:
            yield problem("weight-without-and", source.origin(trailing[0], len(source.text.rstrip())))
        return
    words = [word.span() for word in AND.finditer(source.text)]
    if len(parts) > MAX_PROMPTS:
        yield problem("too-many-prompts", source.origin(*words[MAX_PROMPTS - 1]), most=MAX_PROMPTS)
    for index, part in enumerate(parts[:MAX_PROMPTS]):
        if not part.text.strip():
            yield problem("empty-prompt", source.origin(*words[max(index - 1, 0)]))
        if not math.isfinite(part.weight):
            yield problem("huge-weight", source.origin(part.start, part.end))


def _bracket_problems(source: Traced) -> Iterator[Problem]:
    """Brackets without their other half. Round and square ones are matched apart, as attention does."""
    opened: dict[str, list[int]] = {"(": [], "[": []}
    for match in _BRACKET.finditer(source.text):
        sign, place = match[0], match.start()
        if sign in opened:
            opened[sign].append(place)
        elif sign in _OPENER and opened[_OPENER[sign]]:
            opened[_OPENER[sign]].pop()
        elif sign in _OPENER:
            yield problem("unopened-bracket", source.origin(place, place + 1), sign=sign)
    for sign, places in opened.items():
        for place in places:
            yield problem("unclosed-bracket", source.origin(place, place + 1), sign=sign)


def _weight_problems(source: Traced) -> Iterator[Problem]:
    """Weights that begin like a number and are none, such as `(a:1,5)`. What looks like one and is none: `weighing`."""
    for match in _LAST_PART.finditer(source.text):
        text = match[1].strip()
        if _NUMBER_LIKE.match(text) and not _NUMBER.fullmatch(text):
            yield problem("odd-weight", source.origin(match.start(), match.end() - 1), text=_short(text))


def _unused(unit: Switch, source: Traced, steps: int) -> Iterator[Problem]:
    """The count of calls starts at 0, so a switch at the last step but one leaves nothing for what comes after."""
    *_, after_start, when = unit.edges[:-1]
    if unit.last < 1:
        start, end = unit.edges[0], after_start
    elif unit.last >= steps - 1:
        start, end = after_start, when
    else:
        return
    if source.text[start + 1 : end].strip():
        yield problem("never-seen", source.origin(start + 1, end), steps=steps)


def _empty_options(unit: Alternation, source: Traced) -> Iterator[Problem]:
    for start, end in zip(unit.edges, unit.edges[1:], strict=False):
        if not source.text[start + 1 : end].strip():
            yield problem("empty-alternative", source.origin(start, end + 1))


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
