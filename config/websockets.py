"""What the web server does with a websocket below the application: it bounds pings and tells why it closes.

Messages are the consumers' to bound; how large one may be is Daphne's own limit.
"""

from __future__ import annotations

from typing import Any

from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

from generation.web.live.lines import TOO_MANY, Rate

PINGS = 20
PINGS_SECONDS = 10.0
"""So many pings are answered in so long; a browser sends none by itself."""


class BoundedProtocol(WebSocketProtocol):
    def onPing(self, payload: bytes) -> None:
        # Made on the first: most sockets never see one.
        pings: Rate = self.__dict__.setdefault("pings", Rate(PINGS, PINGS_SECONDS))
        if pings.exceeded():
            self.sendClose(code=TOO_MANY, reason="Too many pings.")
        else:
            super().onPing(payload)

    def handle_reply(self, message: dict[str, Any]) -> None:
        """As Daphne does it, but the reason of a close goes to the page too."""
        if message.get("type") == "websocket.close" and message.get("reason") and self.state == self.STATE_OPEN:
            self.sendClose(code=message["code"], reason=message["reason"])
        else:
            super().handle_reply(message)


def limit_pings() -> None:
    """Have Daphne make its websockets by this protocol; where another server runs, this changes nothing."""
    WebSocketFactory.protocol = BoundedProtocol
