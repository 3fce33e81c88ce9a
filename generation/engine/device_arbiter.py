"""Who has the device: pictures first; between them whoever trains gets it, one time slice at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

CHECK_SECONDS = 0.2
"""How often whoever waits for a time slice asks itself whether it still wants one."""


class DeviceArbiter:
    """One device's. A picture waits for at most the time slice under way; none begins while a picture is here."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pictures = 0
        self._taken = False

    @contextmanager
    def picture(self) -> Iterator[None]:
        """A picture is here, from its loading to its pixels; any number may be."""
        with self._changed:
            # Counted before it waits, so that no second time slice slips in.
            self._pictures += 1
            self._changed.wait_for(lambda: not self._taken)
        try:
            yield
        finally:
            with self._changed:
                self._pictures -= 1
                self._changed.notify_all()

    @contextmanager
    def time_slice(self, check: Callable[[], object]) -> Iterator[None]:
        """The device for one time slice, as soon as no picture is here; keep it short.

        `check` is called now and then while this waits: what it raises ends the waiting.
        """
        with self._changed:
            while self._pictures or self._taken:
                self._changed.wait(CHECK_SECONDS)
                check()
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()
