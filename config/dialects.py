"""The addresses at which other programs' dialects are spoken, and the shape of an error there. Not their views."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from generation.api.a1111 import errors as a1111
from generation.api.openai import errors as openai

Shape = Callable[[str, str], Mapping[str, Any]]
"""An error's code and sentence -> a JSON object."""

DIALECTS: Mapping[str, Shape] = {
    "/sdapi/": a1111.error_body,
    "/controlnet/": a1111.error_body,
    "/internal/": a1111.error_body,
    "/v1/": openai.error_body,
}
"""Prefix of the addresses -> how an error is told that no view has answered; each answers as JSON."""
PREFIXES = ("/mcp", *DIALECTS)
"""All addresses of dialects; agents over MCP are told problems as by the site's own API."""


def shape_of(path: str) -> Shape | None:
    """None at the addresses of pages and of the site's own API."""
    return next((shape for prefix, shape in DIALECTS.items() if path.startswith(prefix)), None)
