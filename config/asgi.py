"""What the web server loads: http to Django, websockets to the consumers. It never imports torch."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.core.asgi import get_asgi_application

from config.proxies import behind_proxies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Before the consumers are imported: they need the apps loaded.
django_application = get_asgi_application()

from config.websockets import limit_pings  # noqa: E402
from generation.web.live.routing import websocket_urlpatterns  # noqa: E402
from generation.web.live.sessions import OfSession  # noqa: E402

limit_pings()

application = behind_proxies(
    ProtocolTypeRouter(
        {
            "http": django_application,
            "websocket": AllowedHostsOriginValidator(CookieMiddleware(OfSession(URLRouter(websocket_urlpatterns)))),
        }
    ),
    settings.PROXY_COUNT,
)
