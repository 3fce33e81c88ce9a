"""What the web server loads: http to Django, websockets to the consumers. It never imports torch."""

from __future__ import annotations

import gc
import os
from importlib import import_module
from typing import IO, Any

import daphne.server
import django
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponseBadRequest

from config.proxies import behind_proxies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Before the consumers are imported: they need the apps loaded.
django.setup(set_prefix=False)

from config.input_limits import UNREADABLE  # noqa: E402
from config.mounts import Mounts  # noqa: E402
from config.sockets import Sockets  # noqa: E402
from config.stopping import stop_in_order  # noqa: E402
from config.web_server import BodyFile, BoundedFactory, hold_answers_back  # noqa: E402
from config.websockets import limit_pings  # noqa: E402
from gallery.api.agents import Publish  # noqa: E402
from generation.api.mcp.server import TOOLS, ToolServer  # noqa: E402
from generation.web.live.programs import program_urlpatterns  # noqa: E402
from generation.web.live.routing import websocket_urlpatterns  # noqa: E402
from generation.web.live.sessions import OfSession  # noqa: E402

limit_pings()
hold_answers_back()
stop_in_order()

# However the server is started: by the platform, by `runserver`, or by hand.
daphne.server.HTTPFactory = BoundedFactory


class Handler(ASGIHandler):
    """Django's, which takes a body that the server has put into a file as it is, and copies it nowhere."""

    async def read_body(self, receive: Any) -> IO[bytes]:
        message = await receive()
        if isinstance(body := message.get("body"), BodyFile):
            return body.file
        first = [message]

        async def again() -> Any:
            return first.pop() if first else await receive()

        file: IO[bytes] = await super().read_body(again)
        return file

    def create_request(self, scope: Any, body_file: IO[bytes]) -> Any:
        """A request and no answer, or the other way round."""
        try:
            return super().create_request(scope, body_file)
        except ValueError:
            # What Python says of a charset with a NUL in its name.
            return None, HttpResponseBadRequest(UNREADABLE, content_type="text/plain; charset=utf-8")


django_handler = Handler()
agents = ToolServer(settings.SITE_NAME, [*TOOLS, Publish])
pages = AllowedHostsOriginValidator(CookieMiddleware(OfSession(URLRouter(websocket_urlpatterns))))

application = behind_proxies(
    ProtocolTypeRouter(
        {
            "http": Mounts(django_handler, {"/mcp": agents}),
            "websocket": Sockets(django_handler, URLRouter(program_urlpatterns), pages),
        }
    ),
    settings.PROXY_COUNT,
)

# The views are loaded now rather than by the first visitor. What lives as long as the process is then taken from the
# collector, whose full run would hold the event loop for a tenth of a second and more.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
