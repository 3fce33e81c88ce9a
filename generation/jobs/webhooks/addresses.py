"""Where webhooks may go: https to hosts that the operator names, and there to public addresses alone.

The name is looked up once, and the connection is made to an address that was looked at: a name server that answers
otherwise the second time is not asked a second time.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from accounts.refusals import NotAllowed, Refusal

PORT = 443
LONGEST_URL = 500
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that IPv6 has in use. What wraps an IPv4 address lies outside, but for 6to4 and Teredo."""


class NotPublic(Exception):
    """The name leads nowhere, or to an address that is not public."""


def check_url(url: str) -> None:
    """Raise Refusal for an address that webhooks may not go to, by what can be read off it."""
    if not settings.WEBHOOK_HOSTS:
        raise NotAllowed("webhooks-off", "This site sends no webhooks; its operator has allowed no hosts.")
    parts = _parts(url)
    if parts is None:
        sentence = "A webhook's address is https://host/path, at the usual port and without a name or password in it."
        raise Refusal("bad-address", sentence, field="url")
    if not is_allowed(parts[0]):
        allowed = ", ".join(settings.WEBHOOK_HOSTS)
        raise NotAllowed("host-not-allowed", f"Webhooks of this site go to {allowed} alone.", field="url")


def host_and_path(url: str) -> tuple[str, str]:
    """Of an address that may be reached now. Raises NotPublic for one that may not any more."""
    parts = _parts(url)
    if parts is None or not is_allowed(parts[0]):
        raise NotPublic("This host is not among those that the operator allows.")
    return parts


def is_allowed(host: str) -> bool:
    """Whether the operator allows it: a host as it stands, or with a dot before it all below a domain."""
    return validate_host(host, settings.WEBHOOK_HOSTS)


def _parts(url: str) -> tuple[str, str] | None:
    """Host and path; None for what is no such address."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or set(url) & set(' "<>\\^`{|}'):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    plain = parts.scheme == "https" and port in (None, PORT) and "@" not in parts.netloc and not parts.fragment
    if not plain or not parts.hostname:
        return None
    return parts.hostname, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def public_addresses(host: str) -> list[str]:
    """What the name leads to now, every one of it public. Raises NotPublic."""
    try:
        found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotPublic("The name of the host leads nowhere.") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(map(is_public, addresses)):
        raise NotPublic("The name of the host leads to an address that is not public.")
    return addresses


def is_public(address: str) -> bool:
    """Whether it is an address of the open internet, and of nothing that is nearer to this machine than to others."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if not parsed.is_global or parsed.is_multicast or parsed.is_reserved:
        return False
    if isinstance(parsed, IPv4Address):
        return True
    return parsed in GLOBAL_UNICAST and parsed.sixtofour is None and parsed.teredo is None
