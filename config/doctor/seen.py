"""`/healthz/seen`: how a request arrives here, told to this site's own doctor and to nobody else.

What proxies in front change can only be seen behind them. Whoever asks brings a token that SECRET_KEY signed.
"""

from __future__ import annotations

from django.core import signing
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

TOKEN_HEADER = "X-Doctor"
TOKEN_SECONDS = 60
SALT = "config.doctor"


def new_token() -> str:
    return signing.dumps("look", salt=SALT)


@never_cache
@require_safe
def seen(request: HttpRequest) -> JsonResponse:
    try:
        signing.loads(request.headers.get(TOKEN_HEADER, ""), salt=SALT, max_age=TOKEN_SECONDS)
    except signing.BadSignature:
        raise Http404 from None
    scope = getattr(request, "scope", {})
    told = {"host": request.get_host(), "scheme": request.scheme, "address": request.META.get("REMOTE_ADDR", "")}
    return JsonResponse({**told, "forwarded": scope.get("forwarded", [])})
