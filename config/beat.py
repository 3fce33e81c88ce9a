"""A program: `python -m config.beat` is Celery's beat without the tasks, which it only names: a third of the memory."""

from __future__ import annotations

import logging.config
import signal
import sys
from types import FrameType

from celery.beat import Service
from django.conf import settings

from config.celery import app


def main() -> None:
    logging.config.dictConfig(settings.LOGGING)

    def leave(number: int, frame: FrameType | None) -> None:
        """Celery writes down, on its way out, what it has sent last."""
        sys.exit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    Service(app).start()


if __name__ == "__main__":
    main()
