"""A program: `python die_with_parent.py SUPERVISOR_PID COMMAND...` runs a command that cannot outlive its supervisor.

It is its own small program because asking for this between fork and exec is not safe in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    supervisor, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:  # it died before the request was in place
        sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
