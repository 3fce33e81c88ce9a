"""`python -m tests.faults.wrong_clock worker ...`: Celery in a process whose own clocks are five minutes ahead."""

from __future__ import annotations

import datetime
import sys
import time
from typing import Any

AHEAD_SECONDS = 300.0


class Anything(type):
    """Dates made by C code are of the true class; they must still pass for ours."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TRUE)


TRUE = datetime.datetime


class Ahead(TRUE, metaclass=Anything):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return TRUE.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(datetime.UTC).replace(tzinfo=None)


def main() -> None:
    true_time = time.time
    time.time = lambda: true_time() + AHEAD_SECONDS
    datetime.datetime = Ahead  # type: ignore[misc]
    from celery.__main__ import main as celery

    sys.argv[0] = "celery"
    celery()


if __name__ == "__main__":
    main()
