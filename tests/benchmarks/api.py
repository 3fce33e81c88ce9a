"""The API under its programs: how quickly jobs are made, what dialects add, many programs at once, streams, retries.

The web server is the true one, started as the platform starts it, on a fresh data folder with SQLite. Pictures are made
up, by a process that stands in for a worker, so that the API is measured and no engine. What an address of a section
that is missing would tell is left out, and said.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.benchmarks._web_server import row, site, web_server

SECTIONS = ("creation", "overhead", "mixed", "streams", "retries")
MANY = "1000000/min"
OPENAI, EVENTS = "/v1/images/generations", "/api/v1/jobs/events"


def run(only: str | None = None) -> list[dict[str, Any]]:
    """Every figure, or those of one of SECTIONS."""
    # No limit of requests stands between the server and its visitors.
    with site(STATIC_SOURCES="on", API_RATE=MANY, API_RATE_ANONYMOUS=MANY) as folder:
        return list(measured(folder, SECTIONS if only is None else (only,)))


def measured(folder: Path, sections: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    import django

    django.setup()
    from django.conf import settings

    from tests.benchmarks import _api_mixed, _api_overhead, _api_people, _api_retries, _api_streams

    people = _api_people.settle(_api_mixed.CLIENTS)
    if "overhead" in sections:
        yield from _api_overhead.overhead(people[0])
    with web_server(folder, settings.PORT) as server:
        if "creation" in sections:
            yield from _api_mixed.created_alone(settings.PORT, people[0])
        if "mixed" in sections:
            yield from _api_mixed.mixed(settings.PORT, people)
        if "retries" in sections:
            if _api_people.is_there(OPENAI) and find_spec("openai"):
                yield from _api_retries.retries(settings.PORT, people[0])
            else:
                yield row("retries: there is no dialect of OpenAI's to be asked", 0, "")
        if "streams" in sections:
            # Last: its jobs stay in the hands of nobody.
            if _api_people.is_there(EVENTS):
                yield from _api_streams.streams(settings.PORT, people, server)
            else:
                yield row("streams: there are no Server-Sent Events to be heard", 0, "")
