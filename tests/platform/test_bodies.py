"""What a request may send, on the true server: told from its headers, at once, and read in constant memory."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import getsource, unwrap
from typing import Any

import psutil
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from knox.models import get_token_model
from rest_framework.parsers import MultiPartParser
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from accounts.models import User
from config import web_server
from config.bodies import AROUND, SMALL, UPLOADS, Asked, bound_of
from config.web_server import BoundedFactory, Channel
from tests.journeys.site import Site, started

MULTIPART = "multipart/form-data; boundary=edge"
FORM = "application/x-www-form-urlencoded"
FAST_SECONDS = 5
"""What is refused from its headers alone takes milliseconds; the machine may be busy."""


@pytest.fixture(scope="module")
def web(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with started(django_db_blocker.unblock(), tmp_path_factory.mktemp("web"), with_worker=False) as site:
        yield site


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    closed: bool = False
    """Whether the server hung up by itself."""


class Line:
    """A connection that says byte for byte what it is told."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)

    def head(self, path: str, headers: Mapping[str, str | int], method: str = "POST") -> None:
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: localhost",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def send(self, data: bytes) -> bool:
        """False when the server does not listen any more."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def answer(self, seconds: float = 30) -> Answer:
        self.socket.settimeout(seconds)
        with self.socket.makefile("rb") as lines:
            answer = Answer(int(lines.readline().split()[1]))
            while line := lines.readline().strip():
                name, _, value = line.decode("latin-1").partition(": ")
                answer.headers[name.lower()] = value
            if answer.status != 100:
                answer.body = lines.read(int(answer.headers.get("content-length", 0)))
            if answer.headers.get("connection") == "close":
                answer.closed = lines.read(1) == b""
        return answer


@pytest.fixture
def line(web: Site) -> Iterator[Line]:
    line = Line(web.port)
    yield line
    line.socket.close()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def upload(content: bytes, name: str = "file", filename: str = "some.safetensors") -> bytes:
    head = f'--edge\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
    return head.encode() + content + b"\r\n--edge--\r\n"


def bearer(user: User) -> dict[str, str | int]:
    return {"Authorization": f"Bearer {get_token_model().objects.create(user=user)[1]}"}


@pytest.mark.parametrize("kind", [MULTIPART, FORM, "application/json"])
@pytest.mark.parametrize("path", ["/sdapi/v1/txt2img", "/sdapi/v1/png-info", "/k/tmp_made_up/sdapi/v1/png-info"])
def test_a_dialect_is_told_so_in_its_own_words(
    transactional_db: None, web: Site, line: Line, path: str, kind: str
) -> None:
    line.head(path, {"Content-Length": 100 * 2**20, "Content-Type": kind})
    answer = line.answer()
    assert (answer.status, answer.closed, answer.headers["content-type"]) == (413, True, "application/json")
    told = json.loads(answer.body)
    assert (told["error"], set(told)) == ("body-too-large", {"error", "detail", "body", "errors"})
    assert b"tmp_made_up" not in (web.folder / "web.log").read_bytes()


@pytest.mark.parametrize("path", ["/", "/gallery/", "/accounts/login/", "/admin/", "/api/v1/jobs", "/nothing/here/"])
@pytest.mark.parametrize("kind", [MULTIPART, FORM, "application/json"])
def test_a_body_that_nobody_asked_for_is_refused_before_it_is_sent(line: Line, path: str, kind: str) -> None:
    started = time.monotonic()
    line.head(path, {"Content-Length": 64 * 2**20, "Content-Type": kind})
    answer = line.answer()
    assert time.monotonic() - started < FAST_SECONDS
    assert (answer.status, answer.headers["connection"], answer.closed) == (413, "close", True)
    if path.startswith("/api/"):
        problem = json.loads(answer.body)
        assert answer.headers["content-type"] == "application/problem+json"
        assert (problem["code"], problem["status"]) == ("body-too-large", 413)
        assert problem["detail"] == "At most 1 MiB are read at this address."
    else:
        assert b"At most 1 MiB are read at this address." in answer.body


def test_whoever_sends_it_all_the_same_reads_the_answer(line: Line) -> None:
    line.head("/", {"Content-Length": 16 * 2**20, "Content-Type": MULTIPART})
    assert line.send(bytes(16 * 2**20))
    assert line.answer().status == 413


def test_chunks_are_counted(line: Line) -> None:
    line.head("/", {"Transfer-Encoding": "chunked", "Content-Type": FORM})
    for _ in range(20):
        if not line.send(chunk(b"a" * 2**16)):
            break
    answer = line.answer()
    assert (answer.status, answer.closed) == (413, True)


def test_chunks_of_nothing_are_refused(line: Line) -> None:
    """Each costs as much as a large one, in the event loop."""
    line.head("/", {"Transfer-Encoding": "chunked", "Content-Type": FORM})
    line.send(chunk(b"a") * 20_000)
    answer = line.answer()
    assert (answer.status, answer.closed) == (400, True)
    assert b"small chunks" in answer.body


def test_a_small_body_goes_through(line: Line) -> None:
    line.head("/api/v1/jobs", {"Content-Length": 2, "Content-Type": "application/json"})
    line.send(b"{}")
    assert line.answer().status == 401
    # The line is kept: what follows is another request.
    line.head("/healthz", {}, "GET")
    assert line.answer().status == 200


@pytest.mark.parametrize("size", [10_000, SMALL - 10, 3 * 2**20])
@pytest.mark.parametrize("pieces", [True, False])
def test_an_upload_reaches_its_view(line: Line, transactional_db: None, alice: User, size: int, pieces: bool) -> None:
    body = upload(b"\xff" * size)
    length: dict[str, str | int] = {"Transfer-Encoding": "chunked"} if pieces else {"Content-Length": len(body)}
    line.head("/api/v1/loras", {"Content-Type": MULTIPART, **length, **bearer(alice)})
    for start in range(0, len(body), 2**18):
        piece = body[start : start + 2**18]
        line.send(chunk(piece) if pieces else piece)
    if pieces:
        line.send(b"0\r\n\r\n")
    problem = json.loads(line.answer().body)
    assert (problem["status"], problem["code"]) == (400, "not-safetensors")


def test_a_session_is_known_too(line: Line, transactional_db: None, alices: Client) -> None:
    cookie = f"sessionid={alices.cookies['sessionid'].value}"
    line.head("/loras/upload/", {"Content-Type": MULTIPART, "Content-Length": 2 * 2**20, "Cookie": cookie})
    line.send(upload(bytes(2 * 2**20 - len(upload(b"")))))
    answer = line.answer()
    assert answer.status == 403  # without a CSRF token: it came as far as that


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/loras", {}),
        ("/api/v1/loras", {"Authorization": "Bearer tmp_0123456789abcdef"}),
        ("/api/v1/loras", {"Authorization": "Bearer \xff"}),
        ("/loras/upload/", {"Cookie": "sessionid=nobody"}),
        ("/create/read/", {}),
    ],
)
def test_strangers_upload_nothing(line: Line, transactional_db: None, path: str, headers: dict[str, str | int]) -> None:
    line.head(path, {"Content-Type": MULTIPART, "Content-Length": 2 * 2**20, **headers})
    answer = line.answer()
    assert answer.status == 413
    assert b"Sign in first" in answer.body


def test_an_upload_is_bounded_too(line: Line, transactional_db: None, alice: User) -> None:
    line.head("/api/v1/loras", {"Content-Type": MULTIPART, "Content-Length": 600 * 2**20, **bearer(alice)})
    answer = line.answer()
    assert answer.status == 413
    assert json.loads(answer.body)["detail"] == "What is sent here may have at most 512 MiB."


def test_nobody_is_told_to_go_on_in_vain(line: Line, transactional_db: None, alice: User) -> None:
    expecting: dict[str, str | int] = {"Content-Type": MULTIPART, "Content-Length": 2 * 2**20, "Expect": "100-continue"}
    line.head("/api/v1/loras", {**expecting, **bearer(alice)})
    assert line.answer().status == 100
    line.send(upload(bytes(2 * 2**20 - len(upload(b"")))))
    assert line.answer().status == 400
    line.head("/api/v1/loras", expecting)
    assert line.answer().status == 413


def test_a_large_upload_takes_no_memory(web: Site, line: Line, transactional_db: None, alice: User) -> None:
    (server,) = web.processes
    memory = psutil.Process(server.pid).memory_info
    before = memory().rss
    piece, count = b"\xff" * 2**20, 100
    ends = upload(b"!").split(b"!")
    line.head(
        "/api/v1/loras",
        {"Content-Type": MULTIPART, "Content-Length": count * 2**20 + len(b"".join(ends)), **bearer(alice)},
    )
    highest = before
    for part in [ends[0], *[piece] * count, ends[1]]:
        line.send(part)
        highest = max(highest, memory().rss)
    assert line.answer(60).status == 400
    assert max(highest, memory().rss) - before < 20 * 2**20
    # Django takes its copy away once the answer is on its way.
    deadline = time.monotonic() + 30
    while any((web.folder / "incoming").iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_full_disk_is_told(web: Site, line: Line, transactional_db: None, alice: User) -> None:
    """No file of the server may grow beyond a mebibyte, which it sees as it sees a full disk."""
    (server,) = web.processes
    limits = psutil.Process(server.pid)
    before = limits.rlimit(psutil.RLIMIT_FSIZE)
    limits.rlimit(psutil.RLIMIT_FSIZE, (2**20, before[1]))
    try:
        line.head("/api/v1/loras", {"Content-Type": MULTIPART, "Content-Length": 3 * 2**20, **bearer(alice)})
        line.send(bytes(3 * 2**20))
        answer = line.answer()
    finally:
        limits.rlimit(psutil.RLIMIT_FSIZE, before)
    assert answer.status == 507
    assert json.loads(answer.body)["code"] == "no-room"


def test_only_forms_of_files_may_be_large(transactional_db: None, alice: User) -> None:
    known = {name.lower(): str(value) for name, value in bearer(alice).items()}

    def most(path: str, kind: str = MULTIPART, method: str = "POST") -> int:
        return bound_of(Asked(method, path, {**known, "content-type": kind})).most

    assert most("/api/v1/loras?x=1") == 512 * 2**20 + AROUND
    assert most("/studio/datasets/abc/pictures/") == 2**30 + AROUND
    assert most("/create/read/") == 16 * 2**20 + AROUND
    assert most("/api/v1/loras", FORM) == most("/api/v1/loras", "application/json") == SMALL
    assert most("/api/v1/loras", method="GET") == most("/create/draft/") == SMALL


def routes(resolver: URLResolver) -> Iterator[URLPattern]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from routes(each)
        else:
            yield each


def test_every_view_that_takes_files_is_an_upload() -> None:
    """A new one has to be named in config/bodies.py, or nobody can send it more than a form."""
    found = set()
    for route in routes(get_resolver()):
        view = getattr(route.callback, "cls", None)
        module = unwrap(route.callback).__module__
        if not module.startswith(("accounts", "generation", "gallery", "config")):
            continue
        takes = MultiPartParser in view.parser_classes if view else "request.FILES" in getsource(unwrap(route.callback))
        if takes:
            found.add(route.name)
    assert found == set(UPLOADS)


class Ended(StringTransport):
    """A transport that remembers how it was closed."""

    half_closed = aborted = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def abortConnection(self) -> None:
        self.aborted = True


class NoServer:
    """What of Daphne's server a channel uses before a request is whole."""

    def protocol_connected(self, protocol: object) -> None: ...


Drip = tuple[Channel, Ended, Clock]


@pytest.fixture
def drip() -> Drip:
    """A channel whose time is ours."""
    factory, clock = BoundedFactory(NoServer()), Clock()
    factory.reactor = clock
    channel = factory.buildProtocol(None)
    transport = Ended()
    channel.makeConnection(transport)
    return channel, transport, clock


def dripping(drip: Drip, data: Callable[[], bytes], every: float, most: float) -> float:
    """Seconds until the channel refuses what comes bit by bit; `most` when it never does."""
    channel, _, clock = drip
    while not channel.is_refused and clock.seconds() < most:
        channel.dataReceived(data())
        clock.advance(every)
    return float(clock.seconds())


@pytest.mark.parametrize("start", [b"G", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-"])
def test_a_head_that_drips_ends(drip: Drip, start: bytes) -> None:
    channel, transport, clock = drip
    channel.dataReceived(start)
    assert dripping(drip, lambda: b"a", 1, 1000) == pytest.approx(web_server.HEAD_SECONDS, abs=1)
    assert transport.value().startswith(b"HTTP/1.1 408 ")
    assert transport.half_closed and not transport.aborted
    clock.advance(web_server.LINGER_SECONDS)
    assert transport.aborted


@pytest.mark.parametrize("kind", [b"Content-Length: 1000000", b"Transfer-Encoding: chunked"])
def test_a_body_that_drips_ends(drip: Drip, kind: bytes) -> None:
    channel, transport, _ = drip
    channel.dataReceived(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + kind + b"\r\n\r\n")
    seconds = dripping(drip, lambda: b"1\r\na\r\n" if b"chunked" in kind else b"a", 1, 1000)
    assert seconds == pytest.approx(web_server.BODY_SECONDS, abs=2 * web_server.PACE_SECONDS)
    assert transport.value().startswith(b"HTTP/1.1 408 ")


def test_a_slow_line_has_the_time_it_needs(drip: Drip) -> None:
    channel, _, _ = drip
    channel.dataReceived(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
    assert dripping(drip, lambda: bytes(10_000), 1, 99) == 99


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: aaaaaaaa\r\n" * 2000 + b"\r\n",
    ],
)
def test_heads_are_bounded(drip: Drip, head: bytes) -> None:
    channel, transport, _ = drip
    channel.dataReceived(head)
    assert transport.value().startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
