"""What the web server loads: http to Django, websockets to the consumers. It never imports torch."""

from __future__ import annotations

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.core.asgi import get_asgi_application

from config.proxies import behind_proxies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Before the consumers are imported: they need the apps loaded.
django_application = get_asgi_application()

from generation.web.live.routing import websocket_urlpatterns  # noqa: E402

application = behind_proxies(
    ProtocolTypeRouter(
        {
            "http": django_application,
            "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
        }
    ),
    settings.PROXY_COUNT,
)
