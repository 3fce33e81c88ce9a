"""The LoRAs and embeddings that a prompt names, matched to those that the catalog knows."""

from __future__ import annotations

import re

from generation.prompting.diagnosis import problem
from generation.prompting.names import KnownName, NameIndex
from generation.prompting.report import Mention, Problem, Status
from generation.prompting.tags import Tag, TagError, find_tags, read_tag
from generation.prompting.traced import Span, Traced

_LORA_TAG = re.compile(r"<(?:lora|lyco|hypernet):", re.IGNORECASE)
MAX_GUESSES = 5


class Mentions:
    """What a prompt names, in the order found; problems go to the row that is given."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self.named: list[Mention] = []
        self.guesses = 0

    def take_tags(self, body: Traced, index: NameIndex | None) -> Traced:
        """Note every tag; the text without them. Without an index the names are not checked."""
        tags = list(find_tags(body.text))
        rest = body.without(tag.span() for tag in tags)
        for match in tags:
            read = read_tag(match)
            place = body.origin(*match.span())
            if isinstance(read, TagError):
                self.problems.append(Problem(*body.origin(read.start, read.end), read.code, str(read), "error"))
            elif read is None:
                self.problems.append(problem("unknown-tag", place, name=match[1]))
            else:
                self.named.append(self._lora(read, place, index, rest.text))
        for unclosed in _LORA_TAG.finditer(rest.text):
            self.problems.append(problem("unclosed-tag", rest.origin(*unclosed.span())))
        return rest

    def refuse_tags(self, body: Traced) -> None:
        """In a negative prompt tags are text."""
        for tag in _LORA_TAG.finditer(body.text):
            self.problems.append(problem("tag-in-negative", body.origin(*tag.span())))

    def find_embeddings(self, body: Traced, index: NameIndex) -> None:
        places = index.places(body.text)
        for start, end, word, meant in places:
            known, place = meant[0], body.origin(start, end)
            status: Status = "found" if index.fits(known) else "wrong-family"
            if status == "wrong-family":
                self.problems.append(problem("embedding-wrong-family", place, name=word))
            elif len(meant) > 1:
                names = tuple(each.name for each in meant)
                self.problems.append(problem("several-embeddings", place, names, name=word))
            self.named.append(_mention("embedding", known, place, status, body.text))
        for start, end, written in index.in_brackets(body.text):
            self.problems.append(problem("embedding-brackets", body.origin(start, end), written=written))
        found = {place for start, end, *_ in places for place in range(start, end)}
        for start, end, near in index.misspelt(body.text):
            if start in found:
                continue
            place, name = body.origin(start, end), body.text[start:end]
            self.problems.append(problem("unknown-embedding", place, near, name=name))
            self.named.append(Mention("embedding", name, *place, "unknown", suggestions=near))

    def _lora(self, tag: Tag, place: Span, index: NameIndex | None, text: str) -> Mention:
        weights = tag.weight, tag.text_weight
        if index is None:
            return _mention("lora", KnownName(tag.name), place, "unchecked", text, weights)
        meant = index.meant(tag.name)
        if len(meant) > 1:
            names = tuple(each.name for each in meant)
            self.problems.append(problem("several-loras", place, names, name=tag.name))
            return _mention("lora", KnownName(tag.name), place, "unknown", text, weights, names)
        if not meant:
            # Only for the first few names, since guessing what may have been meant takes time.
            self.guesses += 1
            near = index.near(tag.name) if self.guesses <= MAX_GUESSES else ()
            self.problems.append(problem("unknown-lora", place, near, name=tag.name))
            return _mention("lora", KnownName(tag.name), place, "unknown", text, weights, near)
        (known,) = meant
        if not index.fits(known):
            self.problems.append(problem("wrong-family", place, name=tag.name))
            return _mention("lora", known, place, "wrong-family", text, weights)
        if others := [each.name for each in index.namesakes(tag.name) if each != known]:
            self.problems.append(problem("namesake", place, name=known.name, other=others[0]))
        return _mention("lora", known, place, "found", text, weights)


def _mention(
    kind: str,
    known: KnownName,
    place: Span,
    status: Status,
    text: str,
    weights: tuple[float | None, float | None] = (None, None),
    suggestions: tuple[str, ...] = (),
) -> Mention:
    triggers = known.trigger_words
    missing = tuple(word for word in triggers if word.lower() not in text.lower()) if triggers else ()
    return Mention(kind, known.name, *place, status, known.family, *weights, triggers, missing, suggestions)
