"""The row budget learns where batching stops to pay, forgets what noise taught it, and long remembers a full memory."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from generation.engine.batching.row_budget import (
    CALLS_BEFORE_MORE_MEMORY,
    CALLS_BETWEEN_CHECKS,
    MEASURED_CALLS,
    MOST_ROWS,
    RowBudget,
)

Seconds = Callable[[int], float]


def busy(budget: RowBudget, seconds: Seconds, calls: int = 100) -> RowBudget:
    """A long queue: every batch is as large as it may be."""
    for _ in range(calls):
        budget.measured(budget.rows, seconds(budget.rows))
    return budget


def test_it_starts_with_one_guided_request() -> None:
    assert RowBudget().rows == 2


@pytest.mark.parametrize(
    ("seconds", "rows"),
    [
        pytest.param(lambda rows: 0.03 + 0.003 * rows, MOST_ROWS, id="weights dominate"),
        pytest.param(lambda rows: 0.03 + 0.01 * rows, 16, id="in between"),
        pytest.param(lambda rows: 0.02 + 0.04 * rows, 4, id="almost saturated"),
        pytest.param(lambda rows: 0.4 * rows, 2, id="saturated by one"),
        pytest.param(lambda rows: 1.0 * max(1, rows / 8), 8, id="a device with eight places"),
    ],
)
def test_it_doubles_while_a_doubling_brings_a_tenth(seconds: Seconds, rows: int) -> None:
    budget = busy(RowBudget(), seconds)
    while not_checking := budget.rows > rows:  # a check of the next level may be under way
        busy(budget, seconds, 1)
    assert budget.rows == rows and not not_checking


def test_it_learns_within_a_few_calls_a_level() -> None:
    assert busy(RowBudget(), lambda rows: 1.0, MEASURED_CALLS * 4).rows == MOST_ROWS


def test_noise_does_not_hold_it_down_for_good() -> None:
    budget = busy(RowBudget(), lambda rows: 5.0 if rows == 4 else 1.0, 2 * MEASURED_CALLS)
    assert budget.rows == 2, "the neighbour made four rows look dear"
    assert busy(budget, lambda rows: 1.0, 2 * CALLS_BETWEEN_CHECKS).rows == MOST_ROWS


def test_it_bears_noise_of_a_third() -> None:
    noise = random.Random(0)
    budget = busy(RowBudget(), lambda rows: (0.03 + 0.003 * rows) * noise.uniform(1, 1.3), 300)
    assert budget.rows >= 16


def test_a_single_row_teaches_nothing() -> None:
    """CPUs take another path with one row, so that it may look cheaper than it is."""
    budget = RowBudget()
    for _ in range(50):
        budget.measured(1, 0.001)
    assert budget.rows == 2


def test_memory_is_not_soon_tried_again() -> None:
    budget = busy(RowBudget(), lambda rows: 1.0)
    budget.out_of_memory(24)
    assert busy(budget, lambda rows: 1.0, 200).rows == 12
    budget.out_of_memory(2)
    assert budget.rows == 1 and budget.memory_rows == 1


def test_after_some_thousand_calls_memory_may_have_room_again() -> None:
    budget = busy(RowBudget(), lambda rows: 1.0)
    budget.out_of_memory(2)
    assert busy(budget, lambda rows: 1.0, CALLS_BEFORE_MORE_MEMORY - 1).memory_rows == 1
    assert busy(budget, lambda rows: 1.0, 1).memory_rows == 2
    budget.out_of_memory(2)
    assert budget.memory_rows == 1, "it was still too much"
    assert busy(budget, lambda rows: 1.0, 6 * CALLS_BEFORE_MORE_MEMORY).memory_rows == MOST_ROWS
