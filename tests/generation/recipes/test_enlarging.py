"""Second passes and upscales as values: what they may be, what they cost, and what infotext says of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from generation.imaging.infotext import read_infotext, write_infotext
from generation.recipes.checks import InvalidRecipe
from generation.recipes.controls import ControlPick, steps_of_controls
from generation.recipes.enlarging import Enlarge, Hires
from generation.recipes.inversion import Inversion, Inverted
from generation.recipes.picture import LoraPick, Recipe
from generation.recipes.pricing import price, work
from generation.recipes.starting import PictureRef, Start

SOURCE = PictureRef("a" * 64, 1000, 700)
SMALL = {"width": 512, "height": 512, "steps": 20}


def test_recipes_with_either_survive_json() -> None:
    for more in ({"hires": Hires(loras=(LoraPick("ink"),))}, {"enlarge": Enlarge(SOURCE, 3, strength=0.3)}):
        recipe = Recipe("a cat", **more)
        assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert not {"hires", "enlarge"} & Recipe("a cat").to_json().keys()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Hires(scale=4.5),
        lambda: Hires(strength=1.1),
        lambda: Hires(steps=-1),
        lambda: Hires(upscaler=""),
        lambda: Enlarge(SOURCE, 1.2),
        lambda: Enlarge(SOURCE, 4.2),
        lambda: Enlarge(PictureRef("a" * 64, 2000, 10), 4),
        lambda: Recipe("a", width=1024, height=1024, hires=Hires(scale=3)),
        lambda: Recipe("a", hires=Hires(), start=Start(SOURCE)),
        lambda: Recipe("a", enlarge=Enlarge(SOURCE), hires=Hires()),
        lambda: Recipe("a", enlarge=Enlarge(SOURCE), start=Start(SOURCE)),
        lambda: Recipe("a", enlarge=Enlarge(SOURCE), inversion=Inversion(Inverted(SOURCE))),
    ],
)
def test_what_cannot_be_is_refused(make: Any) -> None:
    with pytest.raises(InvalidRecipe):
        make()


def test_only_an_upscale_needs_no_prompt() -> None:
    assert Recipe("", enlarge=Enlarge(SOURCE)).size == (2000, 1400)
    with pytest.raises(InvalidRecipe):
        Recipe("")


@pytest.mark.parametrize(
    ("hires", "expected"),
    [
        (Hires(strength=0.7), (28, 20)),
        (Hires(strength=0.5, steps=10), (20, 10)),
        (Hires(strength=1.0), (20, 20)),
        (Hires(strength=0.0), (20, 0)),
        (Hires(strength=0.01), (999, 9)),
        (Hires(strength=0.2, sampler="LCM"), (50, 10)),
    ],
)
def test_all_steps_of_a_second_pass_are_made(hires: Hires, expected: tuple[int, int]) -> None:
    """As A1111 does: the schedule is as long as that takes, and no longer than the sampler's can be."""
    assert hires.steps_of(20, "Euler") == expected


def test_tiles_cover_the_result_and_share_at_least_the_overlap() -> None:
    enlarge = Enlarge(SOURCE, 4, strength=0.3, overlap=64)
    tiles = enlarge.tiles(512, 512)
    seen = np.zeros((2800, 4000), bool)
    for left, top, right, bottom in tiles:
        assert (right - left, bottom - top) == (512, 512)
        seen[top:bottom, left:right] = True
    assert seen.all()
    lefts = sorted({left for left, *_ in tiles})
    assert min(before + 512 - after for before, after in zip(lefts, lefts[1:], strict=False)) >= 64
    assert Enlarge(PictureRef("a" * 64, 100, 100), 2).tiles(512, 512) == [(0, 0, 512, 512)]


def test_a_second_pass_is_paid_by_its_own_pixels_and_steps() -> None:
    plain = Recipe("a", **SMALL)  # type: ignore[arg-type]
    second = plain.replace(hires=Hires(scale=2, steps=10))
    assert work(second) - work(plain) >= 1024 * 1024 * 10
    assert work(plain.replace(hires=Hires(scale=2, strength=0))) < work(second)
    network = plain.replace(hires=Hires(scale=2, steps=10, upscaler="4x-net"))
    assert work(network) > work(plain.replace(hires=Hires(scale=2, steps=10, upscaler="Lanczos")))


def test_controls_are_paid_in_each_pass_and_tile() -> None:
    controls = (ControlPick("lines", SOURCE),)
    share = steps_of_controls(controls, 20) / 20
    for larger in ({"hires": Hires(scale=2, steps=10)}, {"enlarge": Enlarge(SOURCE, strength=0.5)}):
        plain = Recipe("a", **SMALL, **larger)  # type: ignore[arg-type]
        result = 0.1 * 2000 * 1400 if plain.enlarge else 0.0  # paid without a step
        controlled = work(plain.replace(controls=controls))
        assert controlled - work(plain) == pytest.approx(share * (work(plain) - result))


def test_an_upscale_is_cheap_until_a_network_or_tiles_draw() -> None:
    lanczos, network, drawn = (
        Recipe("a", enlarge=enlarge, **SMALL)  # type: ignore[arg-type]
        for enlarge in (Enlarge(SOURCE), Enlarge(SOURCE, upscaler="4x-net"), Enlarge(SOURCE, strength=0.3))
    )
    assert price(lanczos) == 1
    assert work(lanczos) < work(network) < work(drawn)
    assert work(drawn) >= len(Enlarge(SOURCE).tiles(512, 512)) * 512 * 512 * 6


def test_loras_of_either_pass_are_the_recipes() -> None:
    ink, gold = LoraPick("ink"), LoraPick("gold")
    recipe = Recipe("a cat", loras=(ink,), hires=Hires(prompt="a dog", loras=(LoraPick("ink", 0.5), gold)))
    assert recipe.every_lora == (ink, gold) and Recipe("a cat", loras=(ink,)).every_lora == (ink,)


def test_a_second_pass_is_written_and_read_as_a1111_does() -> None:
    hires = Hires(1.5, 12, 0.55, "4x-net", "b" * 64, "DDIM", "Automatic", "a dog, sharp", "blurry")
    text = write_infotext(Recipe("a cat", hires=hires))
    for part in ("Denoising strength: 0.55", "Hires upscale: 1.5", "Hires steps: 12", "Hires upscaler: 4x-net",
                 'Hires prompt: "a dog, sharp"', "Hires sampler: DDIM"):  # fmt: skip
        assert part in text
    assert Hires.from_infotext(read_infotext(text).fields) == replace(hires, upscaler_sha256="")
    assert Hires.from_infotext(read_infotext(write_infotext(Recipe("a cat"))).fields) is None


def test_a1111s_own_lines_are_read() -> None:
    text = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768, Denoising strength: 0.4, "
    resized = Hires.from_infotext(read_infotext(text + "Hires resize: 1024x1536, Hires upscaler: Latent").fields)
    assert resized == Hires(2.0, 0, 0.4)
    by_width = Hires.from_infotext(read_infotext(text + "Hires resize: 768x0, Hires upscaler: Latent").fields)
    assert by_width == Hires(1.5, 0, 0.4)
    with pytest.raises(InvalidRecipe):
        Hires.from_infotext(read_infotext(text + "Hires resize: 1024x768, Hires upscaler: Latent").fields)
    with pytest.raises(InvalidRecipe):
        Hires.from_infotext(read_infotext(text + "Hires upscale: many, Hires upscaler: Latent").fields)


def test_an_upscale_is_written_and_read() -> None:
    for enlarge in (Enlarge(SOURCE, 2.5), Enlarge(SOURCE, 2, "4x-net", strength=0.3, overlap=96)):
        text = write_infotext(Recipe("a cat", enlarge=enlarge))
        assert Enlarge.from_infotext(read_infotext(text).fields) == enlarge
    assert "SD upscale overlap: 96" in text
    assert Hires.from_infotext(read_infotext(text).fields) is None


def test_what_a_picture_showed_stays_with_its_upscale() -> None:
    drawn = Recipe("a cat", seed=4, hires=Hires())
    enlarged = drawn.enlarged(Enlarge(SOURCE))
    assert (enlarged.prompt, enlarged.seed, enlarged.hires) == ("a cat", 4, None)
    assert not enlarged.is_drawn and enlarged.pictures == (SOURCE,)
