"""Two web processes behind a proxy, each restarted while people ask for pages and pictures, with pages open."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks._api_people import Person
from tests.benchmarks._load_settled import settle
from tests.benchmarks._web_server import ROOT, row, site
from tests.cluster.proxy import Caddy
from tests.live_line import OpenPage, OpenPages
from tests.plugin import free_port, wait_for

PEOPLE, ASKING = 50, 4
CALM_SECONDS = 3
BACK_SECONDS = 3.0
PAGES = ("/create/", "/gallery/", "/images/")
RECIPE = {"prompt": "a red apple", "width": 128, "height": 128, "steps": 4}
SETTINGS = {"STATIC_SOURCES": "on", "PAGE_RATE": "100000/min", "API_RATE": "100000/min", "PROXY_COUNT": "1"}


def restart() -> Iterator[dict[str, Any]]:
    with site(**SETTINGS) as folder, ExitStack() as stack:
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        from generation.catalog.importing import import_folder

        call_command("migrate", verbosity=0)
        list(import_folder(settings.WEIGHTS_DIRS[-1]))
        people = settle(PEOPLE)
        ports = [free_port(), free_port()]
        servers = [stack.enter_context(server(folder, port)) for port in ports]
        proxy = Caddy(folder, ("127.0.0.1", settings.PORT), [("127.0.0.1", port) for port in ports])
        stack.callback(proxy.stop)
        wait_for(settings.PORT)
        yield from measured(settings.PORT, people, servers)


class Server:
    """One web process, as the platform starts it, on a port of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.log = folder / f"web-{port}.log"
        self.start()

    def start(self) -> None:
        from config.platform.processes import web

        part = web()
        argv = [str(self.port) if before == "-p" else word for before, word in itertools.pairwise(("", *part.argv))]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, **part.env}, stdout=log, stderr=log)
        wait_for(self.port, 120)

    def stop(self) -> float:
        """Seconds that it took to leave."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(30)
        return time.monotonic() - began


@contextmanager
def server(folder: Path, port: int) -> Iterator[Server]:
    made = Server(folder, port)
    try:
        yield made
    finally:
        made.stop()


class Visitors:
    """People who ask for one thing after the other; `answers` are the statuses, 0 where there was no answer."""

    def __init__(self, port: int, people: list[Person]) -> None:
        self.port = port
        self.ends = threading.Event()
        self.answers: list[int] = []
        self.threads = [threading.Thread(target=self._ask, args=(person,), daemon=True) for person in people]

    def _ask(self, person: Person) -> None:
        for number in itertools.count():
            if self.ends.is_set():
                return
            self.answers.append(self._page(person, PAGES[number % 3]) if number % 4 else self._picture(person))

    def _page(self, person: Person, path: str) -> int:
        return self._answer("GET", path, None, {"Cookie": f"sessionid={person.session}"})

    def _picture(self, person: Person) -> int:
        headers = {"Authorization": f"Bearer {person.key}", "Content-Type": "application/json"}
        return self._answer("POST", "/api/v1/jobs", json.dumps(RECIPE), headers)

    def _answer(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request(method, path, body, {"Host": f"localhost:{self.port}", **headers})
            answer = line.getresponse()
            # A proxy that finds nobody may say 200 and nothing.
            return answer.status if answer.read() else 0
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            line.close()

    def __enter__(self) -> Visitors:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        for thread in self.threads:
            thread.join()


def measured(port: int, people: list[Person], servers: list[Server]) -> Iterator[dict[str, Any]]:
    opened = [OpenPage("localhost", port, person.session, person.name) for person in people]
    stops = []
    with OpenPages() as pages, Visitors(port, people[:ASKING]) as visitors:
        pages.open(opened)
        for each in servers:
            time.sleep(CALM_SECONDS)
            stops.append(each.stop())
            each.start()
        time.sleep(CALM_SECONDS)
        away = [up - down for page in opened for down, up in zip(page.downs, page.ups[1:], strict=False)]
        lost = [page for page in opened if not page.is_up]
    refused = [status for status in visitors.answers if status not in (200, 202)]
    yield row("restarts of web processes: requests", len(visitors.answers), "")
    yield row("restarts of web processes: refused", len(refused), "", "none", not refused)
    yield row("restarts of web processes: live lines that were cut", len(away), "")
    longest = max(away, default=0.0) if not lost else float("inf")
    what = "restarts of web processes: until the last live line was back"
    yield row(what, longest, "s", f"at most {BACK_SECONDS:g}", longest <= BACK_SECONDS)
    yield row("restarts of web processes: until the process has left", max(stops), "s")
