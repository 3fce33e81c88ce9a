"""`manage.py platform`: the whole of Tempera on this machine, started in order and stopped in order by one Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.platform import processes
from config.platform.demo import logins
from config.platform.preflight import NotReady, check_machine, lock_data_folder
from config.platform.preparing import make_rows, make_tables, preparing
from config.platform.statics import collect_if_changed
from config.platform.supervision import PartFailed, StopAsked, Supervisor

BLOCK = """
  {name} is ready (after {seconds:.1f} s).

  Address    {address}
{people}  Data       {data}
  Logs       {data}/logs
  To stop    Ctrl-C
"""

# What Celery says about root in eight lines is said in one below.
CHILD_ENV = {
    "LOG_FORMAT": "json",
    # Each request and each task is a thread for a while, and by default each thread keeps the memory that it had.
    "MALLOC_ARENA_MAX": "2",
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
}


class Command(BaseCommand):
    help = "Start everything on this machine: broker, database, web, workers and clock. Ctrl-C stops it all."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.printing = threading.Lock()
        # For the children too: database, logs and all they write are for this user alone.
        os.umask(0o077)
        began = time.monotonic()
        preparation = preparing()
        try:
            warnings = preparation.submit(check_machine).result()
            lock = lock_data_folder()
        except NotReady as error:
            raise CommandError(str(error)) from None
        with lock:
            for warning in warnings:
                self.say(warning)
            if os.geteuid() == 0:
                self.say("You are root. Tempera needs no special right, so a user of its own is safer.")
            supervisor = Supervisor(settings.DATA_DIR / "logs", CHILD_ENV, self.say)
            self.listen(supervisor)
            try:
                self.bring_up(supervisor, preparation)
                self.say(self.block(time.monotonic() - began))
                supervisor.watch()
            except StopAsked:
                pass
            except PartFailed as error:
                raise CommandError(str(error)) from None
            finally:
                self.say("Stopping.")
                supervisor.stop()
                self.say("Stopped.")

    def bring_up(self, supervisor: Supervisor, preparation: ProcessPoolExecutor) -> None:
        """Broker and tables first, then all that use them. The GPU workers' torch loads while the rows are made."""
        if settings.EMBEDDED_VALKEY:
            supervisor.launch(processes.valkey())
            supervisor.wait()
        with preparation:
            preparation.submit(make_tables).result()
            supervisor.launch(*processes.gpu_workers())
            found = preparation.submit(make_rows).result()
            self.say(f"Weights: {found}")
            preparation.submit(collect_if_changed).result()
        supervisor.launch(processes.web(), processes.worker("default", "default", 4))
        supervisor.wait()
        # Nothing waits for the clock, and starting it costs the others seconds of a core.
        supervisor.launch(processes.beat())

    def listen(self, supervisor: Supervisor) -> None:
        def ask_to_stop(number: int, frame: FrameType | None) -> None:
            supervisor.stop_asked.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, ask_to_stop)

    def block(self, seconds: float) -> str:
        people = (
            "".join(f"  {role:<9}  {name}  {password}\n" for role, name, password in logins()) if settings.DEMO else ""
        )
        return BLOCK.format(
            name=settings.SITE_NAME,
            seconds=seconds,
            address=settings.SITE_URL,
            people=people,
            data=settings.DATA_DIR,
        )

    def say(self, line: str) -> None:
        """One line of somebody, whole. A terminal that has gone away must not stop anything."""
        with self.printing, contextlib.suppress(OSError):
            self.stdout.write(line)
            self.stdout.flush()
