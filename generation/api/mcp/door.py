"""What stands before the MCP server: whether a request may come in, and where an agent's client gets a token by itself.

The web server asks the door with the head of each request before the SDK sees its body.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.http.request import validate_host
from django.urls import path, reverse
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.refusals import NotAllowed
from generation.api.dialect import BEARER


class Door(APIView):
    """204 for who may come in with any token; what it is for is asked of each tool."""

    authentication_classes = BEARER
    scope = ""

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        check_origin(request)
        return Response(status=204)

    def get_authenticate_header(self, request: Request) -> str:
        """As the protocol wants it: a client that knows no token learns here where to ask for one."""
        challenge = super().get_authenticate_header(request) or "Bearer"
        if not settings.OAUTH_PROVIDER:  # nobody hands out tokens to other people's programs
            return challenge
        return f'{challenge} resource_metadata="{settings.SITE_URL}{reverse("mcp-metadata")}"'


def check_origin(request: Request) -> None:
    """Raise NotAllowed for the page of another site in somebody's browser, whatever name it has in their network."""
    origin = request.headers.get("Origin")
    if origin is not None and not validate_host(urlsplit(origin).hostname or "", settings.ALLOWED_HOSTS):
        raise NotAllowed("bad-origin", "Pages of other sites may not ask here.")


@require_safe
def metadata(request: HttpRequest) -> JsonResponse:
    """What RFC 9728 calls the metadata of a protected resource; there is none while nobody hands out tokens."""
    if not settings.OAUTH_PROVIDER:
        raise Http404
    document: dict[str, Any] = {
        "resource": f"{settings.SITE_URL}{reverse('mcp')}",
        "authorization_servers": [settings.SITE_URL],
        "bearer_methods_supported": ["header"],
        # Agents ask for all of these, and one that registers itself may ask for no more.
        "scopes_supported": ["read", "generate"],
        "resource_name": settings.SITE_NAME,
    }
    return JsonResponse(document)


urlpatterns = [
    path("mcp", Door.as_view(), name="mcp"),
    path(".well-known/oauth-protected-resource/mcp", metadata, name="mcp-metadata"),
]
