"""Who shares a UNet call, who waits, and which group is next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from generation.engine.batching.groups import QUANTUM_SECONDS, BatchKey, Group, RoundRobin
from generation.engine.batching.request import RenderRequest
from generation.engine.batching.row_budget import MOST_ROWS, RowBudget, pictures_in_hand
from generation.engine.failures import cancelled
from generation.engine.renderer import Renderer
from generation.recipes.picture import LoraPick
from tests.renders import allow_numpy_copies, every_weight, loaded, recipe

pytestmark = allow_numpy_copies

MakeRequest = Callable[..., RenderRequest]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    made = Renderer(every_weight(), device="cpu", threads=1)
    yield made
    made.close()


@pytest.fixture
def make_request(renderer: Renderer) -> MakeRequest:
    def make(checkpoint: str = "sd1", **changes: Any) -> RenderRequest:
        with loaded(renderer, checkpoint) as lease:
            return RenderRequest(renderer._prepare(recipe(checkpoint, **changes), lease), time.monotonic() + 60)

    return make


def group_with(rows: int, *requests: RenderRequest) -> Group:
    budget = RowBudget()
    while budget.rows < rows:
        budget.measured(budget.rows, 1.0)
    group = Group(BatchKey.of(requests[0]), budget)
    group.waiting.extend(requests)
    return group


# The key


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "a blue dog"},
        {"negative_prompt": "green"},
        {"seed": 8},
        {"steps": 9},
        {"cfg_scale": 1.0},
        {"sampler": "Heun"},
        {"schedule": "Karras"},
        {"clip_skip": 2},
        {"vae_sha256": "vae"},
        {"loras": (LoraPick("any", sha256="any", text_weight=0.0),)},
    ],
)
def test_strangers_share_a_key(make_request: MakeRequest, changes: dict[str, Any]) -> None:
    assert BatchKey.of(make_request(**changes)) == BatchKey.of(make_request())


@pytest.mark.parametrize(
    "changes", [{"width": 72}, {"height": 72}, {"prompt": "a red cat, " * 30}, {"checkpoint": "sd2"}]
)
def test_what_one_unet_call_cannot_hold_has_another_key(make_request: MakeRequest, changes: dict[str, Any]) -> None:
    assert BatchKey.of(make_request(**changes)) != BatchKey.of(make_request())


@pytest.mark.parametrize(("prompt", "cfg_scale", "rows"), [("a cat", 5, 2), ("a cat", 1, 1), ("a cat AND dogs", 5, 3)])
def test_rows_count_the_negative_prompt(make_request: MakeRequest, prompt: str, cfg_scale: float, rows: int) -> None:
    assert make_request(prompt=prompt, cfg_scale=cfg_scale).rows == rows


# The group


def test_the_oldest_are_admitted_while_rows_fit(make_request: MakeRequest) -> None:
    requests = [make_request() for _ in range(3)]
    group = group_with(4, *requests)
    assert group.admit() == requests[:2] and group.rows == 4
    assert group.admit() == [], "nobody twice"
    requests[0].fail(cancelled())
    group.remove_ended()
    assert group.admit() == requests[2:]


@pytest.mark.parametrize(("device", "rows"), [("cuda", MOST_ROWS), ("cpu", MOST_ROWS // 2)])
def test_the_pictures_in_hand_fill_the_largest_batch_of_a_gpu(
    make_request: MakeRequest, device: str, rows: int
) -> None:
    group = group_with(MOST_ROWS, *[make_request() for _ in range(pictures_in_hand(device))])
    group.admit()
    assert group.rows == rows and not group.waiting


def test_one_request_is_admitted_however_many_rows_it_has(make_request: MakeRequest) -> None:
    wide = make_request(prompt="a cat AND a dog AND a car AND a house")
    group = group_with(2, wide, make_request())
    assert group.admit() == [wide]


def test_beyond_memory_the_newest_are_parked_and_come_back_first(make_request: MakeRequest) -> None:
    requests = [make_request() for _ in range(5)]
    group = group_with(8, *requests)
    assert group.admit() == requests[:4]
    group.budget.out_of_memory(8)
    assert group.admit() == [] and group.running == requests[:2]
    assert list(group.waiting) == requests[2:]


# Round robin


def test_nobody_is_nobodys_turn() -> None:
    assert RoundRobin().next() is None


def test_groups_get_equal_shares_of_the_device_whatever_their_calls_cost(make_request: MakeRequest) -> None:
    groups, spent = RoundRobin(), dict.fromkeys([8, 9, 10], 0.0)
    cost = {8: 0.02, 9: 0.3, 10: 2.0}
    for width in cost:
        groups.join(make_request(width=8 * width))
    for _ in range(2000):
        group = groups.next()
        assert group is not None
        width = group.key.latent_size[1]
        spent[width] += cost[width]
        group.credit -= cost[width]
    assert max(spent.values()) - min(spent.values()) <= max(cost.values()) + QUANTUM_SECONDS


def test_a_group_runs_up_no_debt_while_it_is_alone(make_request: MakeRequest) -> None:
    groups = RoundRobin()
    groups.join(make_request())
    for _ in range(100):
        group = groups.next()
        assert group is not None
        group.credit -= 1.0
    groups.join(make_request(width=72))
    first = [groups.next() for _ in range(3)]
    for group in first:
        assert group is not None and group.credit >= -1.0
    assert {next_width(groups) for _ in range(20)} == {8, 9}


def next_width(groups: RoundRobin) -> int:
    group = groups.next()
    assert group is not None
    group.credit -= QUANTUM_SECONDS
    return group.key.latent_size[1]


def test_an_empty_group_leaves_and_its_measured_budget_stays(make_request: MakeRequest) -> None:
    groups, first = RoundRobin(), make_request()
    groups.join(first)
    group = groups.next()
    assert group is not None
    group.budget.out_of_memory(4)
    first.fail(cancelled())
    groups.remove_ended()
    assert groups.next() is None and groups.requests == []
    groups.join(make_request())
    again = groups.next()
    assert again is not None and again is not group and again.budget.memory_rows == 2
