"""What a request says of the proxies in front of Tempera: believed as far as `PROXY_COUNT` goes, then taken away.

Not which host names are answered: that is Django's `ALLOWED_HOSTS`, asked about the `Host` header alone.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
ASGI = Callable[[Scope, Any, Any], Awaitable[None]]

ADDRESS = b"x-forwarded-for"
SCHEME = b"x-forwarded-proto"
# What proxies and balancers write about host, path and client. Any visitor can write them too, and some library may
# read them one day, so nobody behind this sees them.
TOLD_BY_PROXIES = {
    b"cf-connecting-ip",
    b"client-ip",
    b"fastly-client-ip",
    b"forwarded",
    b"forwarded-for",
    b"true-client-ip",
    b"x-client-ip",
    b"x-cluster-client-ip",
    b"x-host",
    b"x-original-host",
    b"x-original-url",
    b"x-real-ip",
    b"x-rewrite-url",
    b"x-script-name",
}


def behind_proxies(application: ASGI, count: int) -> ASGI:
    """The ASGI application behind `count` proxies, each of which appends to X-Forwarded-For whom it heard.

    Client address and scheme become those of the visitor, and the root path is empty: a site has no path above it, and
    the server takes one from a header of the visitor's.
    """

    async def believing(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = as_told(scope, count)
        await application(scope, receive, send)

    return believing


def as_told(scope: Scope, count: int) -> Scope:
    """The scope with what the last `count` proxies say of the visitor, and without all that any header claims.

    `forwarded` has everything that X-Forwarded-For claimed, for `config.doctor`, which asks whether `count` is right.
    """
    told: Scope = {
        "root_path": "",
        "forwarded": values_of(scope, ADDRESS),
        "headers": [(name, value) for name, value in scope["headers"] if not speaks_for_a_proxy(name)],
    }
    if address := without_port(believed(scope, ADDRESS, count)):
        told["client"] = [address, 0]
    # A websocket's scope has no scheme of a page, and nothing asks for one.
    if scope["type"] == "http" and (scheme := believed(scope, SCHEME, count).lower()) in ("http", "https"):
        told["scheme"] = scheme
    return {**scope, **told}


def speaks_for_a_proxy(name: bytes) -> bool:
    return name in TOLD_BY_PROXIES or name.startswith(b"x-forwarded")


def believed(scope: Scope, header: bytes, count: int) -> str:
    """The value that the outermost of `count` proxies wrote; empty where none did.

    Each proxy appends on the right, so what stands further left came with the request. Where fewer values stand than
    there are proxies, all are theirs.
    """
    values = values_of(scope, header)
    return values[-min(count, len(values))] if count and values else ""


def values_of(scope: Scope, header: bytes) -> list[str]:
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == header]
    return [value.strip() for line in lines for value in line.split(",")]


def without_port(text: str) -> str:
    """An address as it is compared: of `1.2.3.4:5678` and `[::1]:80` without the port; empty for what is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
