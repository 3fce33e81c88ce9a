"""Answers that are dropped, and asked for again by the OpenAI SDK by itself: what pictures and charges come of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from tests.benchmarks._api_drawer import drawer
from tests.benchmarks._api_people import Person
from tests.benchmarks._web_server import row

SUBMISSIONS = 100
AT_ONCE = 8
FIRST_TRY = b"x-stainless-retry-count: 0"
PIECE = 65536


def retries(port: int, person: Person) -> Iterator[dict[str, Any]]:
    from accounts.models import CreditEntry
    from generation.models import GeneratedImage, Job

    before = Job.objects.of(person.pk).count()
    with dropping(port) as at, drawer(), ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(partial(submit, at, person.key), range(SUBMISSIONS)))
    jobs = Job.objects.of(person.pk).order_by("pk")[before:]
    pictures = GeneratedImage.objects.filter(job__in=[job.pk for job in jobs]).count()
    references = [job.reference for job in jobs]
    charges = CreditEntry.objects.filter(kind="settle", reference__in=references).count()
    of = f"{SUBMISSIONS} submissions whose answer is dropped"
    for what, count in (("answers in the end", sum(answers)), ("pictures", pictures), ("charges", charges)):
        yield row(f"{of}: {what}", count, "", str(SUBMISSIONS), count == SUBMISSIONS)


def submit(port: int, key: str, number: int) -> bool:
    """Whether a picture came, after however many tries the SDK makes by itself."""
    from openai import OpenAI, OpenAIError

    with OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key) as client:
        try:
            answer = client.images.generate(
                prompt=f"apple number {number}", size="auto", response_format="b64_json", extra_body={"seed": number}
            )
        except OpenAIError:
            return False
        return bool(answer.data and answer.data[0].b64_json)


@contextmanager
def dropping(port: int) -> Iterator[int]:
    """The port of a proxy that hears out the answer to each first try, and hangs up instead of passing it on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, args=(server, port), daemon=True).start()
        yield server.getsockname()[1]


def accept(server: socket.socket, port: int) -> None:
    while True:
        try:
            line, _ = server.accept()
        except OSError:  # the proxy is closed
            return
        threading.Thread(target=pass_on, args=(line, port), daemon=True).start()


def pass_on(line: socket.socket, port: int) -> None:
    """One request of a line, which is closed after it."""
    with line, socket.create_connection(("127.0.0.1", port), timeout=600) as onward:
        request = whole_request(line)
        if not request:
            return
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [each for each in head.split(b"\r\n") if not each.lower().startswith(b"connection:")]
        onward.sendall(b"\r\n".join([*lines, b"Connection: close", b"", body]))
        answer = b""
        while piece := onward.recv(PIECE):
            answer += piece
        if FIRST_TRY not in head.lower():
            line.sendall(answer)


def whole_request(line: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := line.recv(PIECE)):
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [each.split(b":")[1] for each in head.lower().split(b"\r\n") if each.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += line.recv(PIECE)
    return head + b"\r\n\r\n" + body
