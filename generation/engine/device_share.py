"""Who has the device: pictures first. Between them it is lent for one turn at a time, to whoever trains."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK_UP_SECONDS = 0.2
"""How often whoever waits for a turn asks itself whether it still wants one."""


class Lending:
    """One device's. A picture waits for at most the one turn under way; no turn begins while a picture is here."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pictures = 0
        self._lent = False

    @contextmanager
    def picture(self) -> Iterator[None]:
        """A picture is here, from its loading to its pixels; any number may be."""
        with self._changed:
            # Counted before it waits, so that no second turn slips in.
            self._pictures += 1
            self._changed.wait_for(lambda: not self._lent)
        try:
            yield
        finally:
            with self._changed:
                self._pictures -= 1
                self._changed.notify_all()

    @contextmanager
    def turn(self, look_up: Callable[[], object]) -> Iterator[None]:
        """The device for one turn, as soon as no picture is here; keep it short.

        `look_up` is called now and then while this waits: what it raises ends the waiting.
        """
        with self._changed:
            while self._pictures or self._lent:
                self._changed.wait(LOOK_UP_SECONDS)
                look_up()
            self._lent = True
        try:
            yield
        finally:
            with self._changed:
                self._lent = False
                self._changed.notify_all()
