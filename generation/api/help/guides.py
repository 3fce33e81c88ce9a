"""Which guides the API's help has. No dialect is loaded for it: every process reads it, with the tags of the help.

A guide is a row here and a template; the program that it shows is a file of its own, which a test runs as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guide:
    """Its `name` is its address and its template; `snippet` the file of its program, if it shows one."""

    name: str
    title: str
    sentence: str
    snippet: str = ""


GUIDES = (
    Guide("httpx", "Python with httpx", "The site's own API: ask, wait, download.", "httpx_quick_start.py"),
    Guide("webuiapi", "Python with webuiapi", "A client of AUTOMATIC1111's API, unchanged.", "webuiapi_quick_start.py"),
    Guide("sillytavern", "SillyTavern", "Pictures within a chat."),
    Guide("a1111", "AUTOMATIC1111's API, field by field", "What becomes of what is sent."),
    Guide(
        "openai",
        "OpenAI's API",
        "curl, Python, JavaScript, Open WebUI and LibreChat; and what becomes of each field.",
    ),
    Guide("mcp", "Agents over MCP", "Pictures for a model that uses tools.", "mcp_quick_start.py"),
    Guide("live", "Live lines", "A websocket that says what becomes of your jobs."),
    Guide("webhooks", "Webhooks", "Your own server is told when a picture is ready.", "webhooks_quick_start.py"),
)
