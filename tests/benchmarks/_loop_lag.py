"""The web server as `python -m daphne` starts it, and how late its event loop comes to what was due.

`python -m tests.benchmarks._loop_lag FILE ARGUMENTS`, those of daphne: a line in FILE for each lateness over
NOTED_SECONDS, when it was over and its seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from daphne.cli import CommandLineInterface
from twisted.internet import reactor

PAUSE_SECONDS = 0.005
NOTED_SECONDS = 0.005


def main(file: str, *arguments: str) -> None:
    with Path(file).open("w", buffering=1) as lines:

        def look(due: float) -> None:
            now = time.time()
            if now - due > NOTED_SECONDS:
                lines.write(f"{now} {now - due}\n")
            reactor.callLater(PAUSE_SECONDS, look, time.time() + PAUSE_SECONDS)

        reactor.callWhenRunning(look, time.time())
        CommandLineInterface().run(arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
