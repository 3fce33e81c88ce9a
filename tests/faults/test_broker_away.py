"""The broker is dead while people go on: programs and pages are served, and what cannot be is a clean 503."""

from __future__ import annotations

import time
from typing import Any

from django.test import Client

from accounts.models import User
from generation.jobs import lifecycle
from generation.models import Job
from tests.conftest import PASSWORD
from tests.faults.asking import Program
from tests.faults.machine import Machine
from tests.plugin import broker

PAGES = (
    "/status/",
    "/create/",
    "/images/",
    "/account/",
    "/gallery/",
    "/loras/",
    "/studio/",
    "/studio/lab/",
    "/transparency/",
)


def test_programs_are_served(machine: Machine, alice: User) -> None:
    """Over HTTP, from a web process: a picture is accepted all the same, and drawn when the wake-up is sent again."""
    machine.web()
    program = Program(alice, machine.address)
    broker().kill()
    try:
        began = time.monotonic()
        assert program.get("me").status == 200
        made = program.make(headers={"Idempotency-Key": "once"}, count=2)
        assert made.status == 202
        assert program.make(headers={"Idempotency-Key": "once"}, count=2) == made
        code = made.body["jobs"][0]["code"]
        assert program.get(f"jobs/{code}").body["state"] == "queued"
        assert time.monotonic() - began < 20
    finally:
        broker().start()
    assert set(Job.objects.values_list("announced_at", flat=True)) == {None}
    for job in Job.objects.all():
        lifecycle.cancel_job(job)


def test_pages_are_served(alice: User, alices: Client, client: Client, catalog: Any) -> None:
    broker().kill()
    try:
        assert {page: alices.get(page).status_code for page in PAGES} == dict.fromkeys(PAGES, 200)
        assert alices.post("/create/", {"prompt": "a cat", "count": 1}).status_code < 500
        assert client.get("/accounts/login/").status_code == 200
        # Tries that nobody counts would let passwords be guessed.
        tried = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
        assert (tried.status_code, tried["Retry-After"]) == (503, "30")
        assert "Try again in a minute" in tried.text
    finally:
        broker().start()
