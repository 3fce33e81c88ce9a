"""How Daphne reads a request: bounded before it is read, in constant memory, and never waiting for a disk.

How much an address takes is told by `config.bodies`. Daphne by itself reads bodies of any size and parses forms in the
event loop, before Django's limits are asked.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import IO, Any, TypeVar

import structlog
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.server import Server
from django.conf import settings
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

from accounts.refusals import NoRoom
from config.bodies import SMALL, Answer, Asked, Bound, bound_of, not_read
from config.outage import is_no_room

log = structlog.get_logger(__name__)

PIECE_BYTES = 2**19
"""So much of a body lies in memory; a larger one goes to a file, as much at a time."""
HEAD_SECONDS = 20
BODY_SECONDS = 30
"""Any body may take so long. Whoever sends a longer one slower than the rate below only holds a place."""
LEAST_BYTES_A_SECOND = 8 * 2**10
PACE_SECONDS = 5
MOST_SMALL_CHUNKS = 4096
LEAST_CHUNK_BYTES = 64
"""Of a body in chunks after so many of them, on average: each costs by itself, in the event loop."""
CHUNKED_READ_BYTES = 2**14
LAGGING_SECONDS = 150
"""So long an answer is held back for a reader who takes nothing of it: a piece of a file at the least rate above."""
LINGER_SECONDS = 2
"""So long what comes after a refusal is thrown away: a line closed at once is reset, and the answer is lost."""

TEXT = "text/plain; charset=utf-8"
TOO_SLOW = Answer(HTTPStatus.REQUEST_TIMEOUT, TEXT, b"The request came too slowly.")
HEAD_TOO_LARGE = Answer(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, TEXT, b"The address or the headers of the request are too long."
)
TOO_MANY_CHUNKS = Answer(HTTPStatus.BAD_REQUEST, TEXT, b"The body comes in too many small chunks.")
BROKEN = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, TEXT, b"Something broke on our side. It has been written down.")

Made = TypeVar("Made")


class BodyFile(bytes):
    """The body of an ASGI message that is empty, since all of it lies in `file`."""

    file: IO[bytes]


class Body:
    """What has come of a body: in memory, and from the first full piece on in a file without a name."""

    def __init__(self) -> None:
        self.held = bytearray()
        self.file: IO[bytes] | None = None
        self.size = 0
        self.closed = False
        self.in_use = False
        """By a thread, or by the application, which closes it."""

    def add(self, data: bytes) -> None:
        self.held += data
        self.size += len(data)

    def take(self) -> bytearray:
        piece, self.held = self.held, bytearray()
        return piece

    def write(self, piece: bytearray) -> None:
        """In a thread. Raises OSError where there is no room."""
        if self.file is None:
            self.file = TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115
        self.file.write(piece)
        self.file.flush()

    # What Twisted and Daphne ask of the content of a request:

    def tell(self) -> int:
        return self.size

    def seek(self, offset: int, whence: int = 0) -> None:
        """There is one reader, who begins at the start."""

    def read(self, size: int = -1) -> bytes:
        """The file for http; for a websocket, which asks for all, what came with its head."""
        if size < 0:
            return bytes(self.held)
        body = BodyFile()
        body.file = self.file or io.BytesIO(self.held)
        body.file.seek(0)
        self.in_use = True
        return body

    def close(self) -> None:
        self.closed = True
        if self.file is not None and not self.in_use:
            self.file.close()


class Request(WebRequest):
    """One request of a channel. What may wait is done by threads, one thing at a time, while nothing more is read."""

    channel: Channel | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, parsePOSTFormSubmission=False, **kwargs)
        self.content = self.body = Body()
        self.announced = self.chunks = 0
        self.bound: Bound | None = None
        self.waits_for_go = False
        self.whole: tuple[bytes, bytes, bytes] | None = None

    def gotLength(self, length: int | None) -> None:
        """The headers are there. A body without a length comes in chunks, which are counted."""
        assert self.channel is not None
        self.head = self.channel._command, self.channel._path
        self.announced = length or 0
        if length is None:
            self.channel.transport.bufferSize = CHUNKED_READ_BYTES
        if self.announced > SMALL:
            # Nobody is told to go on before it is known whether they may.
            expected = self.requestHeaders.getRawHeaders(b"Expect", [b""])[0].lower()
            self.waits_for_go = expected == b"100-continue"
            self.requestHeaders.removeHeader(b"Expect")
            self.go_on()

    def handleContentChunk(self, data: bytes) -> None:
        assert self.channel is not None
        if self.channel.is_refused:
            return
        self.chunks += 1
        self.body.add(data)
        if self.chunks > MOST_SMALL_CHUNKS and self.body.size < self.chunks * LEAST_CHUNK_BYTES:
            self.channel.refuse(TOO_MANY_CHUNKS)
            return
        if self.body.size > SMALL or len(self.body.held) >= PIECE_BYTES:
            self.go_on()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        self.whole = command, path, version
        self.go_on()

    def go_on(self) -> None:
        """Begin the next thing to be done for this request, unless one is being done."""
        if self.body.in_use or self.channel is None or self.channel.is_refused:
            return
        size = max(self.announced, self.body.size)
        if size > SMALL and self.bound is None:
            self.in_thread(partial(bound_of, self.asked), self.heed)
        elif self.bound is not None and size > self.bound.most:
            log.info("body_refused", path=self.asked.path, bytes=size, most=self.bound.most)
            self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", self.bound.sentence)
        elif len(self.body.held) >= PIECE_BYTES or (self.whole and self.body.file and self.body.held):
            self.in_thread(partial(self.body.write, self.body.take()), lambda _: self.go_on())
        elif self.whole:
            self.serve()

    def heed(self, bound: Bound) -> None:
        self.bound = bound
        if self.waits_for_go and self.announced <= bound.most and self.channel is not None:
            self.channel._send100Continue()
        self.go_on()

    def serve(self) -> None:
        assert self.whole is not None
        if self.requestHeaders.hasHeader(b"Transfer-Encoding"):
            # Django takes a body without a length for none.
            self.requestHeaders.removeHeader(b"Transfer-Encoding")
            self.requestHeaders.setRawHeaders(b"Content-Length", [b"%d" % self.body.size])
        super().requestReceived(*self.whole)

    async def wait_for_reader(self) -> None:
        """Until what was sent has left this process; whoever reads nothing for long is cut off."""
        channel = self.channel
        if channel is None or channel.has_room.is_set():
            return
        try:
            await asyncio.wait_for(channel.has_room.wait(), LAGGING_SECONDS)
        except TimeoutError:
            log.info("reader_cut_off", path=self.asked.path)
            channel.transport.abortConnection()

    def refuse(self, status: HTTPStatus, code: str, sentence: str) -> None:
        assert self.channel is not None
        self.in_thread(partial(not_read, self.asked, status, code, sentence), self.channel.refuse)

    def in_thread(self, work: Callable[[], Made], then: Callable[[Made], object]) -> None:
        """Do what may wait; meanwhile nothing is read."""
        assert self.channel is not None
        self.body.in_use = True
        self.channel.transport.pauseProducing()

        def done(made: Made) -> None:
            if self.let_go():
                then(made)

        deferToThread(work).addCallback(done).addErrback(self.failed)

    def let_go(self) -> bool:
        """A thread has done its work. False when the line was closed meanwhile."""
        self.body.in_use = False
        if self.channel is None:
            self.body.close()
            return False
        self.channel.transport.resumeProducing()
        return True

    def failed(self, failure: Failure) -> None:
        """The disk is full, or the fault is ours. What was sent is not read."""
        error = failure.value
        log.error("body_not_kept", path=self.asked.path, error=str(error), traceback=failure.getTraceback())
        if not self.let_go() or self.channel is None:
            return
        if is_no_room(error):
            self.refuse(HTTPStatus.INSUFFICIENT_STORAGE, NoRoom.CODE, NoRoom.SENTENCE)
        else:
            self.channel.refuse(BROKEN)

    @property
    def asked(self) -> Asked:
        method, target = self.head
        headers = {
            name.decode("latin-1").lower(): b"; ".join(values).decode("latin-1")
            for name, values in self.requestHeaders.getAllRawHeaders()
        }
        return Asked(method.decode("latin-1"), target.decode("latin-1"), headers)


class Channel(HTTPChannel):
    """A line to a visitor, with a clock on every head and body, whatever drips through."""

    maxHeaders = 100

    def __init__(self) -> None:
        super().__init__()
        self.is_refused = False
        self.clock: IDelayedCall | None = None
        self.has_room = asyncio.Event()
        """Clear while more was sent than the other end has taken."""
        self.has_room.set()

    def pauseProducing(self) -> None:
        super().pauseProducing()
        self.has_room.clear()

    def resumeProducing(self) -> None:
        super().resumeProducing()
        self.has_room.set()

    def dataReceived(self, data: bytes) -> None:
        if self.is_refused:
            return
        if self.line_mode and self.clock is None:
            self.clock = self.callLater(HEAD_SECONDS, partial(self.refuse, TOO_SLOW))
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        if self.is_refused:
            return
        if self._receivedHeaderSize + len(line) > self.totalHeadersSize:
            self.refuse(HEAD_TOO_LARGE)
            return
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(HEAD_TOO_LARGE)

    def rawDataReceived(self, data: bytes) -> None:
        if not self.is_refused:
            super().rawDataReceived(data)

    def allHeadersReceived(self) -> None:
        self.stop_clock()
        self.began = self.factory.reactor.seconds()
        self.clock = self.callLater(BODY_SECONDS, self.check_pace)
        super().allHeadersReceived()

    def allContentReceived(self) -> None:
        self.stop_clock()
        super().allContentReceived()

    def check_pace(self) -> None:
        allowed = BODY_SECONDS + self.requests[-1].body.size / LEAST_BYTES_A_SECOND
        if self.factory.reactor.seconds() - self.began > allowed:
            self.refuse(TOO_SLOW)
        else:
            self.clock = self.callLater(PACE_SECONDS, self.check_pace)

    def stop_clock(self) -> None:
        if self.clock is not None and self.clock.active():
            self.clock.cancel()
        self.clock = None

    def refuse(self, answer: Answer) -> None:
        """Answer at once, hear no more, and close when the visitor does or has had the time to."""
        if self.is_refused:
            return
        self.is_refused = True
        self.stop_clock()
        self.setTimeout(None)
        status = HTTPStatus(answer.status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type: {answer.content_type}\r\n"
            f"Content-Length: {len(answer.body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
            "Content-Security-Policy: default-src 'self'; frame-ancestors 'none'\r\n\r\n"
        )
        self.transport.write(head.encode() + answer.body)
        self.transport.loseWriteConnection()
        self.clock = self.callLater(LINGER_SECONDS, self.transport.abortConnection)

    def connectionLost(self, reason: Failure) -> None:
        self.stop_clock()
        self.has_room.set()
        super().connectionLost(reason)


class BoundedFactory(HTTPFactory):
    """Daphne's factory with channels and requests of ours."""

    protocol = Channel

    def buildProtocol(self, address: object) -> Channel:
        channel: Channel = super().buildProtocol(address)
        channel.requestFactory = Request
        return channel


send_at_once = Server.handle_reply


async def send_as_it_is_read(server: Server, protocol: Any, message: dict[str, Any]) -> None:
    """Daphne's `handle_reply`, which by itself takes any number of pieces of an answer, read or not, into memory."""
    await send_at_once(server, protocol, message)
    if isinstance(protocol, Request) and message.get("more_body"):
        await protocol.wait_for_reader()


def hold_answers_back() -> None:
    """Have Daphne send the pieces of an answer as they are read; where another server runs, this changes nothing."""
    Server.handle_reply = send_as_it_is_read
