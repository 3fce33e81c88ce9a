"""Aspect-ratio buckets and the order of batches: equal area, whole blocks, every picture about equally often."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.engine.training.buckets import Size, bucket_of, bucket_sizes, fit_into
from generation.engine.training.order import Order


@given(st.integers(64, 1024), st.sampled_from([32, 64]))
def test_buckets_are_whole_blocks_of_about_one_area(resolution: int, block: int) -> None:
    sizes = bucket_sizes(resolution, block)
    square = max(block, resolution - resolution % block)
    assert Size(square, square) in sizes
    for size in sizes:
        assert size.width % block == size.height % block == 0
        assert size.width * size.height <= max(resolution, block) ** 2
        assert max(size.width / size.height, size.height / size.width) <= 2
        assert Size(size.height, size.width) in sizes


@pytest.mark.parametrize(
    "width, height, expected",
    [(100, 100, Size(512, 512)), (1000, 600, Size(640, 384)), (600, 1000, Size(384, 640)), (30, 900, Size(384, 640))],
)
def test_a_picture_gets_the_bucket_of_its_shape(width: int, height: int, expected: Size) -> None:
    assert bucket_of(width, height, bucket_sizes(512, 64)) == expected


SHARE = st.floats(0, 1)


@given(st.integers(1, 4000), st.integers(1, 4000), st.sampled_from(bucket_sizes(512, 64)), SHARE, SHARE)
def test_a_fitted_picture_covers_its_bucket(width: int, height: int, size: Size, across: float, down: float) -> None:
    fit = fit_into(width, height, size, (across, down))
    assert 0 <= fit.left <= fit.scaled.width - size.width
    assert 0 <= fit.top <= fit.scaled.height - size.height
    assert fit.scaled.width == size.width or fit.scaled.height == size.height


@pytest.mark.parametrize(
    "focus, left", [((0.5, 0.5), 300), ((0.4, 0.0), 200), ((0.0, 1.0), 0), ((0.95, 0.5), 600), ((0.71, 0.5), 510)]
)
def test_a_cut_keeps_the_focus_as_near_its_middle_as_the_edges_allow(focus: tuple[float, float], left: int) -> None:
    fit = fit_into(500, 200, Size(400, 400), focus)
    assert (fit.scaled, fit.left, fit.top) == (Size(1000, 400), left, 0)


@given(st.lists(st.sampled_from([Size(64, 64), Size(96, 64), None]), min_size=1, max_size=30), st.integers(1, 7))
def test_a_batch_holds_one_size_and_only_what_is_learned(sizes: list[Size | None], batch: int) -> None:
    if not any(sizes):
        return
    order = Order.of(3, batch, sizes)
    rounds = [order.at(number) for number in range(3 * order.batches_a_round)]
    for indices in rounds:
        assert len(indices) == batch
        assert len({sizes[index] for index in indices}) == 1 and sizes[indices[0]] is not None
    assert {index for indices in rounds for index in indices} == {n for n, size in enumerate(sizes) if size is not None}


def test_every_picture_comes_about_equally_often() -> None:
    order = Order.of(0, 4, [Size(64, 64)] * 7)
    counts = Counter(index for number in range(700) for index in order.at(number))
    assert max(counts.values()) < 1.15 * min(counts.values())


def test_the_order_knows_no_history() -> None:
    sizes = [Size(64, 64)] * 9
    forwards = [Order.of(5, 4, sizes).at(number) for number in range(20)]
    assert [Order.of(5, 4, sizes).at(number) for number in reversed(range(20))] == forwards[::-1]
    assert [Order.of(6, 4, sizes).at(number) for number in range(20)] != forwards
