"""What a page's live line brought: preview frames, read as the browser reads them."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, WebSocket


class Frames:
    """Watches the websockets of a page from before it is opened."""

    def __init__(self, page: Page) -> None:
        self.received: list[tuple[dict[str, Any], bytes]] = []
        self.sent: list[str] = []
        page.on("websocket", self.watch)

    def watch(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: self.take(data))
        socket.on("framesent", lambda data: self.sent.append(str(data)))

    def take(self, data: bytes | str) -> None:
        if isinstance(data, bytes):
            end = 2 + int.from_bytes(data[:2], "big")
            self.received.append((json.loads(data[2:end]), data[end:]))

    @property
    def pictures(self) -> set[bytes]:
        return {picture for _, picture in self.received if picture}
