"""`python -m tests.faults.poisoned worker ...`: Celery in a process that is killed by every picture of POISON.

As by a file that breaks the driver: no exception, no goodbye, and whoever is drawn beside it is lost too.
"""

from __future__ import annotations

import os
import signal
import sys

import django

POISON = "poison"
DEADLY_STEP = 10
"""By then the others of the batch are in hand."""


def main() -> None:
    django.setup()
    from celery.__main__ import main as celery

    from generation.engine.outcome import Step
    from generation.worker import drawing

    class Deadly(drawing.Previews):
        def show(self, step: Step) -> bool:
            if self.job.prompt == POISON and step.index >= DEADLY_STEP:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().show(step)

    drawing.Previews = Deadly  # type: ignore[misc]
    sys.argv[0] = "celery"
    celery()


if __name__ == "__main__":
    main()
