"""What a look at one part says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Line:
    """`said` is what was found, `advice` what to do about it; empty where nothing is to be done."""

    level: Level
    part: str
    said: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


Look = Callable[[], Iterator[Line]]


def ok(part: str, said: str) -> Line:
    return Line(Level.OK, part, said)


def warn(part: str, said: str, advice: str) -> Line:
    return Line(Level.WARN, part, said, advice)


def fail(part: str, said: str, advice: str) -> Line:
    return Line(Level.FAIL, part, said, advice)


def reason(error: BaseException) -> str:
    """An error as part of a sentence: its first line, or its kind where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
