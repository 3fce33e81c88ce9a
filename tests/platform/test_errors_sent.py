"""Errors sent to Sentry: where and what kind, at a real receiver of its protocol, and nothing about people."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.architecture.sources import ROOT
from tests.platform.receiving import receiving

# A site of its own without any tables: every page breaks. What is in the integrations stays in that process.
SCRIPT = """
import asyncio
import structlog
from config.asgi import application
from config.seeing import errors

ASKED = {
    "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/status/",
    "raw_path": b"/status/", "root_path": "", "query_string": b"q=dora-words", "client": ("10.9.8.7", 1234),
    "server": ("localhost", 8000), "asgi": {"version": "3.0"}, "state": {},
    "headers": [(b"host", b"localhost"), (b"user-agent", b"dora-browser"), (b"cookie", b"sessionid=dora-cookie"),
                (b"authorization", b"Bearer dora-token")],
}

async def ask():
    told, sent = [{"type": "http.request", "body": b"dora-form"}], []
    async def receive():
        return told.pop() if told else await asyncio.Future()
    async def send(message):
        sent.append(message)
    await application(ASKED, receive, send)
    assert sent[0]["status"] == 500, sent

asyncio.run(ask())
log = structlog.get_logger("generation.worker.drawing")
dora_local = "dora-local"
try:
    raise ValueError("dora-exception")
except ValueError:
    log.exception("job_broke", job="abc123", prompt="dora-prompt", person="dora@example.org")
errors.stop()
"""


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    with receiving() as receiver:
        dsn = receiver.address.replace("http://", "http://key@") + "/7"
        env = {**os.environ, "SENTRY_DSN": dsn, "DATA_DIR": str(tmp_path_factory.mktemp("data")), "DATABASE_URL": ""}
        run = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(run, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    sent = b"".join(receiver.bodies)
    assert b"dora" not in sent and b"10.9.8.7" not in sent
    assert {path for path, _, _ in receiver.received} == {"/api/7/envelope/"}
    lines = [line for body in receiver.bodies for line in body.splitlines()]
    found = [json.loads(line) for line in lines if line.startswith(b"{")]
    return [each for each in found if "event_id" in each and "level" in each]


def test_where_it_broke_is_told_and_about_nobody(events: list[dict[str, Any]]) -> None:
    broken = next(event for event in events if event.get("request", {}).get("url", "").endswith("/status/"))
    assert broken["request"] == {"method": "GET", "url": "http://localhost/status/"}
    assert broken["transaction"] == "/status/"
    assert broken["exception"]["values"][-1]["type"] == "OperationalError"
    assert all(each["value"] == "" for each in broken["exception"]["values"])
    frames = [frame for each in broken["exception"]["values"] for frame in each["stacktrace"]["frames"]]
    assert any(frame["filename"].startswith(("config/", "generation/")) and frame["lineno"] for frame in frames)
    assert not {"user", "breadcrumbs", "extra", "server_name"} & {name for name, value in broken.items() if value}


def test_an_error_of_a_worker_says_of_which_job(events: list[dict[str, Any]]) -> None:
    (broke,) = [event for event in events if event.get("logentry", {}).get("message") == "job_broke"]
    assert broke["tags"]["job"] == "abc123"
    assert broke["exception"]["values"][0]["type"] == "ValueError"
