"""Start processes in order, keep them running, write down what they say, stop them in order. Not what they are for."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.platform.child_log import ChildLog

DIE_WITH_PARENT = Path(__file__).with_name("die_with_parent.py")
POLL_SECONDS = 0.05
LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0


@dataclass(frozen=True)
class Part:
    """One process of the platform. `answers` says whether it does its work; `stop_within` seconds it may take to leave.

    `env` is this part's alone, beside what all are given. Parts are stopped stage by stage, the highest `stage` first;
    those of one stage together.
    """

    name: str
    argv: tuple[str, ...]
    stage: int
    answers: Callable[[], bool] = lambda: True
    start_within: float = 180.0
    stop_within: float = 2.0
    env: Mapping[str, str] = field(default_factory=dict)


class PartFailed(RuntimeError):
    """A part did not come up; the message carries its last words."""


class StopAsked(Exception):
    """Somebody asked to stop while we were starting."""


@dataclass
class Child:
    """A part and the process that is it at present."""

    part: Part
    process: subprocess.Popen[bytes]
    log: ChildLog
    started_at: float = field(default_factory=time.monotonic)
    ready: bool = False
    crashes: int = 0
    restart_at: float | None = None

    def pause(self) -> float:
        """Seconds to wait before the next start: doubling, and from the beginning after a steady minute."""
        if time.monotonic() - self.started_at > STEADY_AFTER:
            self.crashes = 0
        self.crashes += 1
        return min(LONGEST_PAUSE, 0.5 * 2.0 ** (self.crashes - 1))


class Supervisor:
    """Owns the children. Use from one thread: a child is tied to the life of the thread that started it."""

    def __init__(self, logs: Path, env: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.logs = logs
        self.env = {**os.environ, **env}
        self.say = say
        self.children: dict[str, Child] = {}
        self.stop_asked = threading.Event()

    def launch(self, *parts: Part) -> None:
        """Start them side by side; they are not ready yet."""
        for part in parts:
            log = ChildLog(part.name, self.logs / f"{part.name}.log", self.say)
            self.children[part.name] = Child(part, self._spawn(part, log), log)

    def wait(self) -> None:
        """Return when each that was launched answers. Raises PartFailed or StopAsked."""
        waited_for = [child for child in self.children.values() if not child.ready]
        while waited_for := [child for child in waited_for if not self._is_ready(child)]:
            if self.stop_asked.wait(POLL_SECONDS):
                raise StopAsked

    def watch(self) -> None:
        """Restart what crashes, until somebody asks to stop."""
        while not self.stop_asked.wait(POLL_SECONDS):
            for child in self.children.values():
                self._tend(child)

    def stop(self) -> None:
        """Every part gets SIGTERM, stage by stage, and SIGKILL for its whole group when its time is over."""
        for stage in sorted({child.part.stage for child in self.children.values()}, reverse=True):
            self._stop_together([child for child in self.children.values() if child.part.stage == stage])
        self.children.clear()

    def _spawn(self, part: Part, log: ChildLog) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(DIE_WITH_PARENT), str(os.getpid()), *part.argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self.env, **part.env},
            # A group of its own: Ctrl-C must reach the supervisor alone, which then stops things in order.
            start_new_session=True,
        )
        log.follow(process)
        return process

    def _is_ready(self, child: Child) -> bool:
        part = child.part
        if child.process.poll() is not None:
            child.log.drain()
            last_words = "\n".join(child.log.recent)
            raise PartFailed(f"“{part.name}” stopped while starting. Its last words:\n{last_words}")
        child.ready = part.answers()
        if not child.ready and time.monotonic() > child.started_at + part.start_within:
            raise PartFailed(f"“{part.name}” did not answer within {part.start_within:g} s; see its log.")
        return child.ready

    def _tend(self, child: Child) -> None:
        now = time.monotonic()
        if child.restart_at is not None:
            if now >= child.restart_at:
                child.process, child.started_at, child.restart_at = self._spawn(child.part, child.log), now, None
        elif (code := child.process.poll()) is not None:
            pause = child.pause()
            child.restart_at = now + pause
            self.say(f"{child.part.name} ended with {describe(code)}; starting it again in {pause:g} s.")

    def _stop_together(self, children: list[Child]) -> None:
        for child in children:
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        for child in children:
            try:
                child.process.wait(max(0.0, started + child.part.stop_within - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"{child.part.name} did not leave within {child.part.stop_within:g} s and was killed.")
            # Nobody of its group survives; a group that has gone already is fine.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
            child.log.drain()


def describe(code: int) -> str:
    """How a process ended, for people."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
