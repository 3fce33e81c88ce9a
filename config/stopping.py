"""How the web server stops: it lets nobody in any more, answers what it was asked, and sends live lines elsewhere.

Daphne by itself drops what it has in hand. Behind a proxy with several web servers, a page that is asked for while one
of them is restarted is answered by this one or by another, and never refused.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from typing import Any

import structlog
from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.tcp import Port

SERVICE_RESTART = 1012
"""RFC 6455's registry: a page that sees this comes again, and finds the next server."""
LOOK_SECONDS = 0.05
STILL_SECONDS = 0.2
"""So long nothing must be in hand: the head of a request may just be under way on a line that was let in."""
EVENT_STREAM = b"text/event-stream"

log = structlog.get_logger(__name__)
cancel_all = Server.kill_all_applications


def stop_in_order() -> None:
    """Have Daphne finish what it has in hand; where another server runs, this changes nothing."""
    Server.kill_all_applications = finish_and_cancel


def finish_and_cancel(server: Any) -> Deferred[Any]:
    """Twisted waits for this before it closes lines."""
    reactor.addSystemEventTrigger("after", "shutdown", leave)
    finished = Deferred.fromFuture(asyncio.ensure_future(finish(server)))
    return finished.addErrback(lambda failure: log.error("not_finished", error=str(failure))).addCallback(
        lambda _: cancel_all(server)
    )


async def finish(server: Any) -> None:
    """Return when nothing is in hand, or the time for it is over."""
    close_doors()
    until = time.monotonic() + settings.RENDERING.stop_grace_seconds
    still_since = time.monotonic()
    while (now := time.monotonic()) < min(until, still_since + STILL_SECONDS):
        for protocol, state in list(server.connections.items()):
            if "disconnected" not in state and is_in_hand(protocol):
                still_since = now
        await asyncio.sleep(LOOK_SECONDS)
    # Daphne asks each for its application, which one whose body is still on its way does not have yet.
    server.connections = {each: state for each, state in server.connections.items() if "application_instance" in state}


def leave() -> None:
    """A thread may wait for the event loop, which has ended, and Python would wait for that thread for ever."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def close_doors() -> None:
    for port in [reader for reader in reactor.getReaders() if isinstance(reader, Port)]:
        # Whom the kernel has let in would be reset otherwise.
        port.doRead()
        port.stopListening()


def is_in_hand(protocol: Any) -> bool:
    """Whether it is worth waiting for. What never ends by itself is told to come again instead."""
    if isinstance(protocol, WebSocketProtocol):
        if protocol.state == protocol.STATE_OPEN:
            # Not `sendClose`, which lets applications give no code of the registry's.
            protocol.sendCloseFrame(code=SERVICE_RESTART, reasonUtf8=b"The server restarts.")
        return False
    return isinstance(protocol, WebRequest) and not is_stream(protocol) and let_go_after(protocol)


def is_stream(request: WebRequest) -> bool:
    """A stream of events that somebody follows; answers to agents, of the same form, are asked for by POST and end."""
    kinds = request.responseHeaders.getRawHeaders(b"Content-Type", [b""])
    return bool(request.method == b"GET" and kinds[0].startswith(EVENT_STREAM))


def let_go_after(request: WebRequest) -> bool:
    """Close its line with its answer, so that no other request comes over it; always true."""
    if request.channel is not None:
        request.channel.persistent = False
    if not request.startedWriting:
        request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
    return True
