"""Errors sent to Sentry: where and what kind, at a real receiver of its protocol, and nothing about people."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.sources import ROOT
from tests.platform.receiving import receiving

# A site of its own without any tables: every page breaks. What is in the integrations stays in that process.
SCRIPT = """
import django, structlog
django.setup()
from django.test import Client
from config.seeing import errors

browser = Client(raise_request_exception=False, headers={"User-Agent": "dora-browser", "Authorization": "Bearer dora-token"})
browser.cookies["dora"] = "dora-cookie"
page = browser.get("/gallery/k/dora-key/?q=dora-words", headers={"host": "localhost"})
page = browser.post("/status/", {"prompt": "dora-form"}, headers={"host": "localhost"})
page = browser.get("/status/?q=dora-words", headers={"host": "localhost"})
assert page.status_code == 500, page.status_code
log = structlog.get_logger("generation.worker.drawing")
dora_local = "dora-local"
try:
    raise ValueError("dora-exception")
except ValueError:
    log.exception("job_broke", job="abc123", prompt="dora-prompt", person="dora@example.org")
errors.stop()
"""


@pytest.fixture
def events(tmp_path: Path) -> list[dict[str, Any]]:
    with receiving() as receiver:
        dsn = receiver.address.replace("http://", "http://key@") + "/7"
        env = {**os.environ, "SENTRY_DSN": dsn, "DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
        run = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(run, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert b"dora" not in b"".join(receiver.bodies)
    assert {path for path, _, _ in receiver.received} == {"/api/7/envelope/"}
    lines = [line for body in receiver.bodies for line in body.splitlines()]
    found = [json.loads(line) for line in lines if line.startswith(b"{")]
    return [each for each in found if "event_id" in each and "level" in each]


def test_where_it_broke_is_told_and_about_nobody(events: list[dict[str, Any]]) -> None:
    broken = next(event for event in events if event.get("request", {}).get("url", "").endswith("/status/"))
    assert broken["request"] == {"method": "GET", "url": "http://localhost/status/"}
    assert broken["exception"]["values"][-1]["type"] == "OperationalError"
    assert all(each["value"] == "" for each in broken["exception"]["values"])
    assert any("generation/web/home.py" in json.dumps(each) for each in broken["exception"]["values"])
    assert not {"user", "breadcrumbs", "extra", "server_name"} & {name for name, value in broken.items() if value}


def test_an_error_of_a_worker_says_of_which_job(events: list[dict[str, Any]]) -> None:
    (broke,) = [event for event in events if event.get("logentry", {}).get("message") == "job_broke"]
    assert broke["tags"]["job"] == "abc123"
    assert broke["exception"]["values"][0]["type"] == "ValueError"
