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
