"""How this dialect tells an error: by views and where no view has answered. Pure, since settings read it too."""

from __future__ import annotations


def error_body(code: str, detail: str) -> dict[str, str]:
    """The four keys that programs know. `body`, where A1111 repeats what was sent, is empty: that may be a password."""
    return {"error": code, "detail": detail, "body": "", "errors": detail}
