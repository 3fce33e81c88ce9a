"""Which parts of an address are secret, and what stands for them where an address is written down or sent elsewhere.

Whoever has such a part may do something by it: set a password, confirm an address, join, see what was shared.
"""

from __future__ import annotations

import re

REMOVED = "[removed]"
BEFORE_SECRETS = (
    "k", "invite", "shared", "appeals/by-mail", "accounts/confirm-email", "accounts/password/reset/key",
    "v1/images/files",
)  # fmt: skip
"""What stands right before a secret part; a test holds every route with one to this list."""
SECRET_FIELDS = (
    "key", "code", "token", "invitation", "id_token_hint", "samlrequest", "samlresponse", "relaystate", "signature",
    r"x-\w+-signature", "sig",
)  # fmt: skip
# An address may stand in the query of another one, as the page to go on to does: its slashes are escaped there.
_SLASH = "(?:/|%2F)"
_PARTS = "|".join(part.replace("/", _SLASH) for part in BEFORE_SECRETS)
_IN_PATH = re.compile(rf"""({_SLASH}(?:{_PARTS}){_SLASH})(?:(?!%2F)[^/\s?"'#&])+""", re.IGNORECASE)
_FIELDS = "|".join(SECRET_FIELDS)
_IN_QUERY = re.compile(rf"""((?:[?&]|%3F|%26)(?:{_FIELDS})(?:=|%3D))(?:(?!%26)[^&\s"'#])+""", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """An address, or words that quote some, without the parts that are secret."""
    if "/" not in text and "?" not in text and "%" not in text:
        return text
    return _IN_QUERY.sub(rf"\1{REMOVED}", _IN_PATH.sub(rf"\1{REMOVED}", text))
