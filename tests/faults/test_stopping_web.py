"""A web process that is told to stop: it answers what it was asked, sends live lines away, and lets nobody in."""

from __future__ import annotations

import json
import socket
import time

from accounts.models import User
from tests.benchmarks._page_people import session_of
from tests.faults.asking import Program
from tests.faults.machine import Machine
from tests.live_line import OpenPage, OpenPages

BODY = json.dumps({"prompt": "a red apple", "width": 128, "height": 128, "steps": 2}).encode()
SERVICE_RESTART = 1012


def test_what_is_in_hand_is_answered(machine: Machine, alice: User) -> None:
    web, program = machine.web(), Program(alice, machine.address)
    headers = "".join(f"{name}: {value}\r\n" for name, value in program.headers.items())
    head = f"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {len(BODY)}\r\n\r\n"
    page = OpenPage("localhost", machine.port, session_of(alice))
    with OpenPages() as pages, socket.create_connection(("127.0.0.1", machine.port), timeout=30) as line:
        pages.open([page])
        line.sendall(head.encode() + BODY[:10])
        time.sleep(0.5)
        web.terminate()
        machine.until(lambda: not is_let_in(machine.port), 10)
        line.sendall(BODY[10:])
        with line.makefile("rb") as answer:
            told = answer.read()
        machine.until(lambda: bool(page.codes), 10)
    assert told.startswith(b"HTTP/1.1 202 ") and b"\r\nconnection: close\r\n" in told.lower()
    assert page.codes[0] == SERVICE_RESTART
    assert web.wait(10) == 0
    machine.processes.remove(web)


def is_let_in(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
