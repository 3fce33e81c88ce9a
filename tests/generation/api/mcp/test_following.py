"""What a call that waits says meanwhile: always a little further, and never for longer than it may."""

from __future__ import annotations

import time
from typing import Any

import pytest

from generation.api.mcp import following
from generation.api.mcp.following import follow, pictures_done, words_of

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.01)


def job(state: str, percent: int = 0, **fields: Any) -> dict[str, Any]:
    return {"state": state, "percent": percent, "place": None, "seconds_until_start": None, **fields}


async def followed(*stands: list[dict[str, Any]], seconds: float = 5) -> tuple[list[tuple[float, float, str]], Any]:
    told: list[tuple[float, float, str]] = []
    left = list(stands)

    async def look() -> list[dict[str, Any]]:
        return left.pop(0) if len(left) > 1 else left[0]

    async def report(progress: float, total: float, words: str) -> None:
        told.append((progress, total, words))

    return told, await follow(look, report, seconds)


async def test_it_ends_when_all_have_ended() -> None:
    told, jobs = await followed(
        [job("queued", place=2, seconds_until_start=9), job("queued", place=3)],
        [job("running", 50), job("queued", place=1)],
        [job("done", 100), job("running", 10)],
        [job("done", 100), job("failed")],
    )
    assert [each["state"] for each in jobs] == ["done", "failed"]
    assert [progress for progress, _, _ in told] == sorted({progress for progress, _, _ in told})
    assert told[0][2] == "Waiting at place 2, about 9 s until it starts."
    assert told[-1][0] == pytest.approx(1.1) and told[-1][2] == "Drawing, 10 %; 1 of 2 pictures ready."


async def test_it_ends_in_time() -> None:
    began = time.monotonic()
    _, jobs = await followed([job("queued")], seconds=0.1)
    assert jobs[0]["state"] == "queued" and time.monotonic() - began < 2


async def test_what_began_anew_takes_no_progress_back() -> None:
    told, _ = await followed([job("running", 80)], [job("queued", place=1)], [job("running", 20)], [job("done", 100)])
    steps = [progress for progress, _, _ in told]
    assert steps == sorted(steps) and len(set(steps)) == len(steps) == 3


async def test_the_same_is_not_said_twice() -> None:
    same = [job("running", 30)]
    told, _ = await followed(same, same, same, same, [job("cancelled")])
    assert len(told) == 1


async def test_ended_ones_count_as_whole() -> None:
    assert pictures_done([job("cancelled", 0), job("running", 25)]) == 1.25
    assert words_of([job("done", 100)]) == "Waiting."
