"""What is done once before the parts start: checks, tables, rows, static files. In a process of its own.

All that is loaded and made for it goes with that process: the supervisor would keep it for as long as the site runs,
90 MB, half as much again as it needs.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from io import StringIO

from django.conf import settings
from django.core.management import call_command

from config.platform.die_with_parent import PR_SET_PDEATHSIG


def preparing() -> ProcessPoolExecutor:
    """The process. What is submitted runs in it, one after the other, and raises here what it raised there.

    It must be asked for something before there are threads or connections here: then it comes into being, as a fork.
    """
    return ProcessPoolExecutor(1, multiprocessing.get_context("fork"), initializer=_belong_to_parent)


def _belong_to_parent() -> None:
    """Ctrl-C reaches this process too, and is the supervisor's to heed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def make_tables() -> None:
    call_command("migrate", interactive=False, verbosity=0)


def make_rows() -> str:
    """Catalog and, if wished for, demo; what was found in the weights folders, in words."""
    found = StringIO()
    call_command("import_weights", stdout=found)
    if settings.DEMO:
        call_command("seed_demo", verbosity=0)
    return found.getvalue().strip()
