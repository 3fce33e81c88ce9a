"""What a child process prints: kept as it is in a rotating file, and shown on the console short and with its name."""

from __future__ import annotations

import json
import logging
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

FILE_BYTES = 10 * 1024 * 1024
FILES_KEPT = 5
LAST_LINES = 15
QUIET = ("timestamp", "level", "event", "logger", "exception", "request_id", "user_id", "ip", "user_agent", "func_name")


class ChildLog:
    """The log of one part, across its restarts."""

    def __init__(self, name: str, path: Path, say: Callable[[str], None]) -> None:
        self.name = name
        self.say = say
        self.file = RotatingFileHandler(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
        self.recent: deque[str] = deque(maxlen=LAST_LINES)
        self.thread: threading.Thread | None = None

    def follow(self, process: subprocess.Popen[bytes]) -> None:
        """Read the process's output until it ends."""
        self.thread = threading.Thread(target=self._read, args=(process,), name=f"log of {self.name}", daemon=True)
        self.thread.start()

    def drain(self) -> None:
        """Wait a moment for what was printed last."""
        if self.thread:
            self.thread.join(0.2)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            self.file.emit(logging.makeLogRecord({"msg": line}))
            short = for_console(line)
            self.recent.append(short)
            self.say(f"{self.name:<8} | {short}")
        process.stdout.close()


def for_console(line: str) -> str:
    """A JSON log line as `12:00:01 info event key=value`; any other line as it is."""
    try:
        record = json.loads(line)
        clock, level, event = str(record["timestamp"])[11:19], str(record["level"]), str(record["event"])
    except (ValueError, KeyError, TypeError):
        return line
    values = " ".join(f"{key}={value}" for key, value in record.items() if key not in QUIET)
    trace = f"\n{record['exception']}" if record.get("exception") else ""
    return f"{clock} {level:<7} {event} {values}".rstrip() + trace
