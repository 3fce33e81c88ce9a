"""The noise a picture begins with: variations and sizes of seeds as A1111 means them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import torch
from torch import Tensor

from generation.engine.noise import COLUMNS, first_noise, in_the_middle, slerp
from generation.engine.renderer import Renderer
from generation.recipes.picture import Recipe
from generation.recipes.variation import Variation
from tests.renders import allow_numpy_copies, draw, draw_together, every_weight, levels_apart, recipe

pytestmark = allow_numpy_copies

SHAPE = (1, 4, 8, 6)
FACTOR = 16


def of_seed(seed: int, shape: tuple[int, ...] = SHAPE) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def noise_of(wanted: Recipe, shape: tuple[int, int, int, int] = SHAPE) -> Tensor:
    generator = torch.Generator().manual_seed(wanted.seed)
    return first_noise(wanted, shape, FACTOR, generator, torch.device("cpu"), torch.float32)


def sized(**changes: object) -> Recipe:
    """Its latents have SHAPE."""
    return Recipe("x", width=6 * FACTOR, height=8 * FACTOR, seed=3).replace(**changes)


def test_the_arc_between_two_noises_is_a1111s() -> None:
    """Of each column by itself, the lengths of both kept in the sum."""
    noise = noise_of(sized(variation=Variation(5, 0.3)))
    first, second = of_seed(3)[0], of_seed(5)[0]
    for channel in range(4):
        for column in range(6):
            one, other = first[channel, :, column].double(), second[channel, :, column].double()
            angle = math.acos(float(one @ other / (one.norm() * other.norm())))
            wanted = (math.sin(0.7 * angle) * one + math.sin(0.3 * angle) * other) / math.sin(angle)
            assert torch.allclose(noise[0, channel, :, column].double(), wanted, atol=1e-5)


def test_its_ends_are_the_noises_themselves() -> None:
    assert torch.equal(noise_of(sized(variation=Variation(5, 1.0))), of_seed(5))
    assert torch.equal(noise_of(sized(variation=Variation(5, 0.0, (96, 128)))), of_seed(3))
    assert torch.equal(noise_of(sized()), of_seed(3))


def test_alike_and_opposite_directions_are_a_straight_line() -> None:
    one = of_seed(1)
    assert torch.allclose(slerp(0.25, one, one, COLUMNS), one)
    assert torch.allclose(slerp(0.25, one, -one, COLUMNS), 0.5 * one)
    assert torch.isfinite(slerp(0.5, torch.zeros(2, 3), torch.zeros(2, 3), (-1,))).all()
    assert slerp(0.5, one.half(), one.half(), COLUMNS).dtype == torch.float16


def test_a_seed_of_another_size_stands_in_the_middle() -> None:
    """4 rows × 10 columns of it in 8 × 6: less high, and wider."""
    noise = noise_of(sized(variation=Variation(0, 0.0, (160, 64))))
    inner = of_seed(3, (1, 4, 4, 10))
    assert torch.equal(noise[..., 2:6, :], inner[..., 2:8])
    assert torch.equal(noise[..., :2, :], of_seed(3)[..., :2, :]) and torch.equal(
        noise[..., 6:, :], of_seed(3)[..., 6:, :]
    )


def test_both_noises_have_the_other_size() -> None:
    noise = noise_of(sized(variation=Variation(5, 1.0, (96, 64))))
    assert torch.equal(noise[..., 2:6, :], of_seed(5, (1, 4, 4, 6)))


@pytest.mark.parametrize(("inner", "rows", "own"), [(3, (2, 5), (0, 3)), (13, (0, 7), (3, 10)), (8, (0, 8), (0, 8))])
def test_the_middle_of_odd_differences_is_a1111s(inner: int, rows: tuple[int, int], own: tuple[int, int]) -> None:
    around, noise = torch.zeros(1, 1, 8, 1), torch.arange(1.0, inner + 1).reshape(1, 1, inner, 1)
    made = in_the_middle(noise, around)[0, 0, :, 0]
    length = own[1] - own[0]
    assert made[rows[0] : rows[0] + length].tolist() == noise[0, 0, own[0] : own[1], 0].tolist()


def test_the_samplers_own_noise_stays_the_seeds() -> None:
    """Its generator has drawn as much as without a variation."""
    plain, varied = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    for generator, wanted in ((plain, sized()), (varied, sized(variation=Variation(5, 0.5, (96, 64))))):
        first_noise(wanted, SHAPE, FACTOR, generator, torch.device("cpu"), torch.float32)
    assert torch.equal(torch.randn(4, generator=plain), torch.randn(4, generator=varied))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with closing(Renderer(every_weight(), device="cpu", threads=1)) as made:
        yield made


def test_a_whole_variation_is_the_other_seeds_picture(renderer: Renderer) -> None:
    varied, other, some = (
        draw(renderer, recipe(seed=seed, variation=variation))[0]
        for seed, variation in ((1, Variation(2, 1.0)), (2, None), (1, Variation(2, 0.4)))
    )
    assert np.array_equal(varied, other) and not np.array_equal(some, other)


def test_varied_rows_share_calls_with_others(renderer: Renderer) -> None:
    wanted = [recipe(seed=1), recipe(seed=1, variation=Variation(2, 0.3)), recipe(variation=Variation(0, 0, (128, 64)))]
    alone = [draw(renderer, each)[0] for each in wanted]
    for together, each in zip(draw_together(renderer, wanted), alone, strict=True):
        assert isinstance(together, np.ndarray) and levels_apart(together, each)[0] <= 1
