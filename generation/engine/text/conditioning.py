"""From a recipe's two prompts to what the UNet reads at each of its calls, with A1111's rules on the way.

`generation.prompting` reads the syntax and `encoding` encodes the texts that come out; here they are laid over the
calls of a render and padded to one length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from generation.engine.loading.checkpoints import LoadedCheckpoint
from generation.engine.lora.mixed_batch import LoraCache
from generation.engine.noise import slerp
from generation.engine.outcome import RenderError
from generation.engine.text.cache import Encoded, EncodedText
from generation.engine.text.encoding import MAX_CHUNKS, TextEncoding, too_heavy
from generation.engine.weightsource import WeightSource
from generation.prompting import TagError, compose, extract_tags, schedule, segment_at
from generation.prompting.composition import MAX_PROMPTS
from generation.recipes.blending import Blend
from generation.recipes.picture import Recipe


@dataclass(frozen=True, slots=True)
class Prompted:
    """What one UNet call reads. All states are (T, dim) with the same T.

    `positive`: the parts that AND joins, each with its weight. `negative` is None where there is no negative branch.
    The guided result is negative + sum(weight * cfg_scale * (positive - negative)). `pooled_positive` (parts, dim) has
    a row for each part, `pooled_negative` is (dim,); both are None for families without a pooled vector.
    """

    positive: tuple[tuple[Tensor, float], ...]
    negative: Tensor | None
    pooled_positive: Tensor | None = None
    pooled_negative: Tensor | None = None


@dataclass(frozen=True, slots=True)
class ScheduledConditioning:
    """One prompt of those that AND joins, over time: which text it says at which calls, and how each is encoded.

    `segments` are (last call, text), ascending; `encoded` has (T, dim) states for each text.
    """

    segments: Sequence[tuple[int, str]]
    encoded: Encoded
    weight: float = 1.0

    @property
    def tokens(self) -> int:
        return max(len(text.states) for text in self.encoded.values())

    def at(self, call: int) -> EncodedText:
        """Of the segments the first that ends at `call` (counted from 0) or later."""
        _, text = self.segments[segment_at(self.segments, call)]
        return self.encoded[text]

    def padded(self, tokens: int) -> ScheduledConditioning:
        """The same with every text `tokens` long, (tokens, dim), by repeating its last vector."""
        return ScheduledConditioning(
            self.segments, {text: padded(encoded, tokens) for text, encoded in self.encoded.items()}, self.weight
        )


@dataclass(frozen=True, slots=True)
class Conditioning:
    """A recipe's prompts, encoded for the whole render; `tokens` is the T of everything that `at` returns.

    `mask` (rows, T) is 1 where a row's own tokens are and 0 over its padding; rows are the negative, then the parts.
    With it as the UNet's `encoder_attention_mask`, prompt and negative prompt of different lengths are drawn as if each
    ran alone. It is None where nothing is padded.
    """

    positive: tuple[ScheduledConditioning, ...]
    negative: ScheduledConditioning | None
    tokens: int
    mask: Tensor | None = None
    inverted: tuple[EncodedText, ...] = ()
    inverted_mask: Tensor | None = None
    """What is read while pictures are inverted, one text a picture, padded alike; a mask as above."""

    def at(self, call: int) -> Prompted:
        """What UNet call number `call`, counted from 0, reads."""
        parts = [(part.at(call), part.weight) for part in self.positive]
        negative = self.negative.at(call) if self.negative else None
        pooled = [part.pooled for part, _ in parts if part.pooled is not None]
        return Prompted(
            positive=tuple((part.states, weight) for part, weight in parts),
            negative=negative.states if negative else None,
            pooled_positive=torch.stack(pooled) if pooled else None,
            pooled_negative=negative.pooled if negative else None,
        )


class Conditioner:
    """Encodes prompts for one loaded checkpoint, on the caller's thread; callable from many.

    What it encodes is remembered with the checkpoint's text encoders, so that a new Conditioner costs nothing.
    """

    def __init__(self, checkpoint: LoadedCheckpoint, loras: LoraCache, embeddings: WeightSource) -> None:
        self.texts = TextEncoding(checkpoint, loras, embeddings)

    def encode(self, recipe: Recipe, length: int, passed: int = 0) -> Conditioning:
        """The recipe's prompts over whose `length` schedules are laid (`recipes.sampling.schedule_length`).

        `passed` is the length of the pass before it.
        Raises RenderError (WeightsRefused where a file is at fault) with a sentence for people.
        """
        chunk_tokens = self.texts.towers[0].tokens
        positive: list[ScheduledConditioning] = []
        for text, weight in parts_of(recipe.prompt):
            positive.append(self.schedule(recipe, text, length, weight, passed))
            # Each part alone is bounded before it is encoded; here all of them together, before the next.
            if sum(len(part.encoded) * part.tokens // chunk_tokens for part in positive) > MAX_CHUNKS:
                raise too_heavy()
        if recipe.blend:
            positive = [self.blended(recipe, recipe.blend, positive, length, passed)]
        guided = recipe.cfg_scale > 1 or len(positive) > 1 or positive[0].weight != 1
        ends = recipe.inversion.ends if recipe.inversion else ()
        inverted = [self.schedule(recipe, parts_of(end.prompt)[0][0], 1) for end in ends]
        return padded_together(positive, self.negative(recipe, length, passed) if guided else None, inverted)

    def blended(
        self, recipe: Recipe, blend: Blend, positive: Sequence[ScheduledConditioning], length: int, passed: int
    ) -> ScheduledConditioning:
        """The prompt turned towards the second one. Raises RenderError where either is several, joined by AND."""
        parts = parts_of(blend.prompt)
        if len(parts) > 1 or len(positive) > 1:
            raise RenderError("bad-blend", "Prompts that AND joins cannot be blended with another.")
        other = self.schedule(recipe, parts[0][0], length, passed=passed)
        return blended(positive[0], other, blend.amount)

    def negative(self, recipe: Recipe, length: int, passed: int = 0) -> ScheduledConditioning:
        """The negative prompt's: AND and tags are plain words in it; SDXL reads zeros for an empty one."""
        scheduled = self.schedule(recipe, recipe.negative_prompt, length, passed=passed)
        if recipe.negative_prompt or not self.texts.family.pooled:
            return scheduled
        return ScheduledConditioning(
            scheduled.segments, {text: zeroed(encoded) for text, encoded in scheduled.encoded.items()}
        )

    def schedule(
        self, recipe: Recipe, text: str, length: int, weight: float = 1.0, passed: int = 0
    ) -> ScheduledConditioning:
        segments = schedule(text, length, passed)
        return ScheduledConditioning(segments, self.texts.encode(recipe, tuple(words for _, words in segments)), weight)


def parts_of(prompt: str) -> list[tuple[str, float]]:
    """What AND joins, without `<lora:...>` tags: which LoRAs are picked stands in the recipe."""
    try:
        parts = compose(extract_tags(prompt)[0])
    except TagError as error:
        raise RenderError(error.code, str(error)) from error
    if len(parts) > MAX_PROMPTS:
        raise RenderError("too-many-prompts", f"AND joins {len(parts)} prompts here; at most {MAX_PROMPTS} are drawn.")
    return parts


def padded_together(
    positive: Sequence[ScheduledConditioning],
    negative: ScheduledConditioning | None,
    inverted: Sequence[ScheduledConditioning] = (),
) -> Conditioning:
    """All padded to one T.

    As in A1111, parts joined by AND attend to the padding that makes them equally long; prompt and negative do not
    attend to the padding between them, because there they run apart.
    """
    own = [max(part.tokens for part in positive)] * len(positive)
    if negative:
        own.insert(0, negative.tokens)
    others = [text.tokens for text in inverted]
    tokens = max([*own, *others])
    states = next(iter(positive[0].encoded.values())).states
    return Conditioning(
        tuple(part.padded(tokens) for part in positive),
        negative.padded(tokens) if negative else None,
        tokens,
        mask_of(own, tokens, states),
        tuple(text.padded(tokens).at(0) for text in inverted),
        mask_of(others, tokens, states),
    )


def mask_of(own: Sequence[int], tokens: int, like: Tensor) -> Tensor | None:
    """Of rows whose own tokens are so many, (rows, tokens); None where nothing is padded."""
    if not own or min(own) == tokens:
        return None
    return torch.stack([(torch.arange(tokens) < length).to(like) for length in own])


def blended(first: ScheduledConditioning, second: ScheduledConditioning, amount: float) -> ScheduledConditioning:
    """Between two prompts over time: at each call the states that both read, each token's and the pooled one turned by
    `amount` from the first towards the second."""
    tokens = max(first.tokens, second.tokens)
    both = first.padded(tokens), second.padded(tokens)
    segments: list[tuple[int, str]] = []
    encoded: Encoded = {}
    for end in sorted({end for part in both for end, _ in part.segments}):
        one, other = (part.segments[segment_at(part.segments, end)][1] for part in both)
        segments.append((end, f"{one}\n{other}"))
        encoded[segments[-1][1]] = turned(both[0].encoded[one], both[1].encoded[other], amount)
    return ScheduledConditioning(segments, encoded, first.weight)


def turned(first: EncodedText, second: EncodedText, amount: float) -> EncodedText:
    pooled = None
    if first.pooled is not None and second.pooled is not None:
        pooled = slerp(amount, first.pooled, second.pooled, (-1,))
    return EncodedText(slerp(amount, first.states, second.states, (-1,)), pooled)


def zeroed(text: EncodedText) -> EncodedText:
    """Zeros of the same shapes, (T, dim) and (dim,)."""
    return EncodedText(torch.zeros_like(text.states), None if text.pooled is None else torch.zeros_like(text.pooled))


def padded(text: EncodedText, tokens: int) -> EncodedText:
    """The states as (tokens, dim), the last vector repeated as often as that takes."""
    missing = tokens - len(text.states)
    if not missing:
        return text
    return EncodedText(torch.cat([text.states, text.states[-1:].expand(missing, -1)]), text.pooled)
