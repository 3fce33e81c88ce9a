"""Styles and variations of a seed, as programs of this dialect ask for them."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from generation.catalog.styles import StyleFields, save_style
from tests.generation.api.a1111.conftest import ask
from tests.generation.api.a1111.test_txt2img import make, recipe_of, refusal

pytestmark = pytest.mark.usefixtures("catalog")


def test_styles_go_around_both_prompts(program: Any, alice: User, drawn: list[Any]) -> None:
    save_style(alice, StyleFields("Ink", "ink drawing of {prompt}", "photo"))
    listed = program.get("/sdapi/v1/prompt-styles").json()
    assert {"name": "Ink", "prompt": "ink drawing of {prompt}", "negative_prompt": "photo"} in listed
    info = make(program, styles=["ink", "None there"], negative_prompt="worms")["info"]
    assert (info["prompt"], info["negative_prompt"]) == ("ink drawing of a red apple", "worms, photo")
    assert info["styles"] == ["ink"] and info["notes"] == ["Unknown styles are ignored: None there."]
    assert refusal_of_styles(program)["error"] == "bad-styles"


def refusal_of_styles(program: Any) -> dict[str, str]:
    answer = ask(program, "txt2img", {"prompt": "a red apple", "styles": "Ink"})
    assert answer.status_code == 422
    body: dict[str, str] = answer.json()
    return body


def test_variations_are_a1111s(program: Any, alice: User, drawn: list[Any]) -> None:
    """The seed stays and the variation seeds count up."""
    sent = {"subseed": 9, "subseed_strength": 0.3, "seed_resize_from_w": 130, "seed_resize_from_h": 64}
    info = make(program, seed=7, batch_size=2, **sent)["info"]
    assert (info["all_seeds"], info["all_subseeds"], info["subseed_strength"]) == ([7, 7], [9, 10], 0.3)
    assert (info["seed_resize_from_w"], info["seed_resize_from_h"]) == (128, 64)
    assert "Variation seed: 9, Variation seed strength: 0.3, Seed resize from: 128x64" in info["infotexts"][0]
    plain = make(program, seed=7, subseed=-1, subseed_strength=0, seed_resize_from_w=-1, seed_resize_from_h=0)["info"]
    assert (plain["subseed"], plain["seed_resize_from_w"], plain["notes"]) == (7, -1, [])
    new = recipe_of(program, subseed_strength=0.5, subseed=-1).variation
    assert new is not None and new.strength == 0.5


@pytest.mark.parametrize(
    "fields", [{"subseed_strength": 1.5}, {"subseed_strength": 0.5, "subseed": "x"}, {"seed_resize_from_w": 8.5}]
)
def test_variations_that_cannot_be_are_refused(program: Any, alice: User, fields: dict[str, object]) -> None:
    refusal(program, 422, **fields)
