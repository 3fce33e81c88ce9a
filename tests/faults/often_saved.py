"""`python -m tests.faults.often_saved worker ...`: Celery in a process whose trainings keep their state more often.

So that a training which is killed again and again is short.
"""

from __future__ import annotations

import sys

import django

SAVE_EVERY = 30


def main() -> None:
    django.setup()
    from celery.__main__ import main as celery

    from generation.engine.training import trainer

    trainer.SAVE_EVERY = SAVE_EVERY  # type: ignore[attr-defined]
    sys.argv[0] = "celery"
    celery()


if __name__ == "__main__":
    main()
