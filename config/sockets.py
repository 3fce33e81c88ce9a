"""Which websockets are programs' and which are pages': programs bring a token or a ticket, pages a cookie.

A token is looked at by Django, in the view that hands out tickets: what holds for the API's requests holds here.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.urls import reverse
from redis import RedisError

from config.mounts import answer_of
from config.proxies import ASGI, Scope
from generation.api.people import SIGNED, UNSIGNED
from generation.messages.counters import counters
from generation.messages.threads import in_thread
from generation.web.live.lines import SIGNED_OUT, TOO_MANY
from generation.web.live.sessions import sign_in_of_ticket

FORBIDDEN = 4403
AWAY = 4503
CODES = {401: SIGNED_OUT, 403: FORBIDDEN, 429: TOO_MANY}
NOT_KNOWN = "This ticket or token is not known here."
PART_AWAY = "A part of the site is away. Try again in a minute."
LONGEST_REASON = 120
"""Bytes; the protocol takes 123."""
PASSED_ON = (b"host", b"authorization", b"user-agent", *(name.lower().encode() for name in (SIGNED, *UNSIGNED)))
"""Also who is named by a program that speaks for people: the line is theirs."""


class Refused(Exception):
    """The line is closed with `code`, and this sentence as its reason."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Sockets:
    """Websockets: `programs` are given the token's `sign_in` in their scope, `pages` find their own."""

    def __init__(self, django: ASGI, programs: ASGI, pages: ASGI) -> None:
        self.django, self.programs, self.pages = django, programs, pages

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [""])[-1]
        # A site behind a proxy with a password has its browsers send one here too: that is no token.
        brings_token = header_of(scope, b"authorization").lower().startswith(b"bearer ")
        if not ticket and not brings_token:
            await counted("pages", self.pages, scope, receive, send)
            return
        try:
            sign_in = await in_thread(sign_in_of_ticket, ticket or await self.ticket_for(scope))
            if sign_in is None:
                raise Refused(SIGNED_OUT, NOT_KNOWN)
        except RedisError:
            await turn_away(receive, send, Refused(AWAY, PART_AWAY))
        except Refused as refused:
            await turn_away(receive, send, refused)
        else:
            await counted("programs", self.programs, {**scope, "sign_in": sign_in}, receive, send)

    async def ticket_for(self, scope: Scope) -> str:
        """A ticket for the token of the handshake. Raises Refused."""
        answer = await answer_of(self.django, head_of(scope))
        try:
            document = json.loads(answer.body)
        except ValueError:
            document = {}
        if answer.status == HTTPStatus.CREATED:
            return str(document["ticket"])
        raise Refused(CODES.get(answer.status, AWAY), str(document.get("detail", PART_AWAY)))


async def counted(kind: str, line: ASGI, scope: Scope, receive: Any, send: Any) -> None:
    counters.change("sockets_open", kind, by=1)
    try:
        await line(scope, receive, send)
    finally:
        counters.change("sockets_open", kind, by=-1)


def header_of(scope: Scope, name: bytes) -> bytes:
    return next((bytes(value) for each, value in scope["headers"] if each == name), b"")


def head_of(scope: Scope) -> Scope:
    """The handshake as a request for a ticket, by its own token and from its own address."""
    address = reverse("api-lines")
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        # Nobody can be led to https in the midst of a handshake.
        "scheme": "https" if settings.HTTPS else "http",
        "path": address,
        "raw_path": address.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name, value) for name, value in scope["headers"] if name in PASSED_ON],
        "client": scope.get("client"),
        "server": scope.get("server"),
    }


async def turn_away(receive: Any, send: Any, refused: Refused) -> None:
    """Accepted and then closed: of a handshake that is refused no program learns the reason."""
    await receive()
    await send({"type": "websocket.accept"})
    reason = str(refused).encode()[:LONGEST_REASON].decode(errors="ignore")
    await send({"type": "websocket.close", "code": refused.code, "reason": reason})
