"""What a plan allows: each limit has its own code, and the numbers at the limit still pass."""

from __future__ import annotations

import pytest

from accounts.models import Plan
from accounts.quotas import Request, Usage, enforce_quota
from accounts.refusals import Refusal

PLAN = Plan(max_pictures=4, max_pixels=512 * 512, max_steps=30, max_queued=10, storage_bytes=1000)


def test_at_the_limit_it_passes() -> None:
    enforce_quota(PLAN, Usage(queued=6, stored_bytes=999), Request(4, 512 * 512, 30))


@pytest.mark.parametrize(
    "usage, request_, code",
    [
        (Usage(), Request(5, 64, 1), "too-many-pictures"),
        (Usage(), Request(1, 512 * 512 + 1, 1), "too-large"),
        (Usage(), Request(1, 64, 31), "too-many-steps"),
        (Usage(queued=10), Request(1, 64, 1), "queue-full"),
        (Usage(stored_bytes=1000), Request(1, 64, 1), "storage-full"),
    ],
)
def test_past_the_limit_it_is_refused(usage: Usage, request_: Request, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        enforce_quota(PLAN, usage, request_)
    assert refusal.value.code == code
    assert refusal.value.message.endswith(".")


@pytest.mark.parametrize(
    "usage, request_, sentence",
    [
        (Usage(queued=1), Request(2, 64, 1), "You have 1 picture in line and 2 more would come;"),
        (Usage(), Request(3, 64, 1), "These are 3 pictures; your plan holds 2 in line. Make fewer at once."),
        (Usage(), Request(4, 64, 1), "Your plan makes 3 pictures at once."),
        (Usage(stored_bytes=2048), Request(1, 64, 1), "Your files take 2.0\xa0KB of the 1.0\xa0KB of your plan."),
    ],
)
def test_the_sentence_has_the_true_numbers(usage: Usage, request_: Request, sentence: str) -> None:
    plan = Plan(max_pictures=3, max_pixels=512 * 512, max_steps=1, max_queued=2, storage_bytes=1024)
    with pytest.raises(Refusal) as refusal:
        enforce_quota(plan, usage, request_)
    assert refusal.value.message.startswith(sentence)


def test_one_is_told_in_the_singular() -> None:
    plan = Plan(max_pictures=1, max_pixels=512 * 512, max_steps=1, max_queued=1)
    for request_, sentence in (
        (Request(2, 64, 1), "Your plan makes 1 picture at once."),
        (Request(1, 64, 2), "Your plan takes at most 1 step."),
    ):
        with pytest.raises(Refusal) as refusal:
            enforce_quota(plan, Usage(), request_)
        assert refusal.value.message == sentence
