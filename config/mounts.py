"""What the web server serves beside Django: applications of their own below one address, after Django said yes.

Django is asked first with the head of the request, by the view that stands at the address: hosts, https, tokens, counts
and logs are the same there as everywhere. 204 lets the request through; any other answer is the answer. Metrics count
the answer that is sent, under the address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from config.metrics.requests import BESIDE, CountedSend
from config.proxies import ASGI, Scope
from config.web_server import BodyFile


@dataclass(slots=True)
class Answer:
    """An answer of Django's, caught instead of sent."""

    status: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)


async def answer_of(django: ASGI, scope: Scope) -> Answer:
    """What Django answers to a request of this head and without a body."""
    answer, heads = Answer(), [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if heads:
            return heads.pop()
        # Whether the client is still there is not asked meanwhile.
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    await django(scope, receive, answer.take)
    return answer


class Mounts:
    """Django, and at some paths another ASGI application for what is posted there."""

    def __init__(self, django: ASGI, applications: Mapping[str, ASGI]) -> None:
        self.django, self.applications = django, applications

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        application = self.applications.get(scope["path"])
        if application is None:
            await self.django(scope, receive, send)
            return
        send = CountedSend(send, scope["method"], scope["path"])
        scope = {**scope, BESIDE: True}
        if scope["method"] != "POST":
            await self.django(scope, receive, send)
            return
        answer = await answer_of(self.django, scope)
        if answer.status == 204:
            await application(scope, in_memory(receive), send)
            return
        for message in answer.messages:
            await send(message)


def in_memory(receive: Any) -> Any:
    """`receive` for who does not know that the server may put a body into a file; it takes a mebibyte here at most."""

    async def plain() -> dict[str, Any]:
        message: dict[str, Any] = await receive()
        body = message.get("body")
        if not isinstance(body, BodyFile):
            return message
        with body.file as file:
            return {**message, "body": await asyncio.to_thread(file.read)}

    return plain
