"""The table of fields: each works or is refused by its name, and the table says what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.refusals import Refusal
from generation.api.openai.asking import Asked
from generation.api.openai.fields import EDIT, EFFORTS, GENERATION, ROWS, VARIATION, read_fields

PLAIN = {"prompt": "a red apple"}
# What openai-python 3.57 knows of images.generate, and what vLLM-Omni and SGLang add.
SPOKEN = {
    "prompt", "background", "complexity", "frame_count", "frame_duration_ms", "model", "moderation", "n",
    "output_compression", "output_format", "partial_images", "quality", "response_format", "safety_identifier", "size",
    "style", "svg", "user", "stream", "negative_prompt", "num_inference_steps", "guidance_scale", "seed",
}  # fmt: skip


def refused(**fields: Any) -> tuple[str, str]:
    """Code and field of the refusal."""
    with pytest.raises(Refusal) as refusal:
        Asked.read({**PLAIN, **fields})
    assert refusal.value.message.endswith(".")
    return refusal.value.code, refusal.value.field


def test_the_table_has_every_field_that_is_spoken_of() -> None:
    assert set(GENERATION) == SPOKEN
    assert len(ROWS) == len(GENERATION)
    assert set(VARIATION) < SPOKEN
    assert set(EDIT) == SPOKEN - {"style"} | {"input_fidelity", "strength"}
    assert all(row.takes and row.becomes.endswith(".") for row in ROWS)


def test_what_is_left_out_and_what_is_null_are_the_same() -> None:
    names = [name for name in GENERATION if name != "prompt"]
    assert Asked.read({**PLAIN, **dict.fromkeys(names)}) == Asked.read(PLAIN)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", 0), ("n", 11), ("n", 1000), ("n", 1.5), ("n", True), ("n", "many"), ("n", [1]),
        ("model", 7), ("size", 512), ("size", ["512x512"]),
        ("quality", "best"), ("style", "loud"), ("background", "transparent"), ("moderation", "low"),
        ("output_format", "gif"), ("output_format", "svg"), ("output_compression", 101), ("output_compression", 50),
        ("response_format", "file"), ("stream", "yes"), ("stream", 1), ("partial_images", 4), ("partial_images", 1),
        ("user", 7), ("user", "x" * 513), ("safety_identifier", {}),
        ("negative_prompt", 5), ("num_inference_steps", 1e9), ("num_inference_steps", 2.5), ("num_inference_steps", -1),
        ("guidance_scale", "strong"), ("guidance_scale", float("inf")), ("guidance_scale", 10**400),
        ("seed", 2**32), ("seed", -2), ("seed", "seven"), ("seed", "nan"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_its_name(field: str, value: Any) -> None:
    assert refused(**{field: value}) == ("invalid-value", field)


@pytest.mark.parametrize("field", ["complexity", "frame_count", "frame_duration_ms", "svg"])
def test_what_no_picture_can_heed_is_refused(field: str) -> None:
    assert refused(**{field: 4}) == ("unsupported-parameter", field)


def test_what_nobody_knows_is_refused() -> None:
    assert refused(cfg=7) == ("unknown-parameter", "cfg")
    assert refused(**{"x" * 300: 1}) == ("unknown-parameter", "x" * 100)


@pytest.mark.parametrize("body", [[], "a red apple", 7, None])
def test_a_body_is_an_object(body: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        read_fields(body, GENERATION)
    assert refusal.value.code == "invalid-value"


def test_without_a_prompt() -> None:
    with pytest.raises(Refusal) as refusal:
        Asked.read({"model": "dall-e-3"})
    assert (refusal.value.code, refusal.value.field) == ("missing-parameter", "prompt")


@pytest.mark.parametrize("fields", [{"n": 2}, {"response_format": "url"}])
def test_a_stream_has_one_picture_and_no_address(fields: dict[str, Any]) -> None:
    assert refused(stream=True, **fields)[1] in fields


@pytest.mark.parametrize(
    ("fields", "as_url"),
    [
        ({}, False), ({"model": "gpt-image-1"}, False), ({"model": "dall-e-3"}, True), ({"model": "dall-e-2"}, True),
        ({"model": "dall-e-3", "response_format": "b64_json"}, False), ({"response_format": "url"}, True),
        ({"model": "dall-e-3", "stream": True}, False),
    ],
)  # fmt: skip
def test_how_it_is_sent(fields: dict[str, Any], as_url: bool) -> None:
    assert Asked.read({**PLAIN, **fields}).delivery.as_url is as_url


@pytest.mark.parametrize(
    ("fields", "format", "quality"),
    [
        ({}, "png", None), ({"output_format": "webp"}, "webp", None), ({"output_compression": 100}, "png", 100),
        ({"output_format": "jpeg", "output_compression": 0}, "jpeg", 1),
        ({"output_format": "webp", "output_compression": "70"}, "webp", 70),
    ],
)  # fmt: skip
def test_formats(fields: dict[str, Any], format: str, quality: int | None) -> None:
    delivery = Asked.read({**PLAIN, **fields}).delivery
    assert (delivery.format, delivery.quality) == (format, quality)


@pytest.mark.parametrize("quality", EFFORTS)
def test_quality_is_steps_as_far_as_the_plan_goes(quality: str) -> None:
    asked = Asked.read({**PLAIN, "quality": quality})
    assert asked.steps(20, 50) == round(20 * EFFORTS[quality])
    assert asked.steps(20, 15) == min(15, round(20 * EFFORTS[quality]))
    assert asked.steps(1, 50) >= 1


def test_steps_that_are_asked_for_are_left_to_the_plan() -> None:
    assert Asked.read({**PLAIN, "num_inference_steps": 55.0, "quality": "low"}).steps(20, 50) == 55


def test_style_is_words() -> None:
    assert Asked.read(PLAIN).prompt == "a red apple"
    assert Asked.read({**PLAIN, "style": "vivid"}).prompt.startswith("a red apple, vivid colours")
    assert Asked.read({"prompt": " ", "style": "vivid"}).prompt == " "
