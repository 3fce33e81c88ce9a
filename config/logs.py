"""How this process writes its log: structlog, pretty for a person's console or one JSON object a line for files."""

from __future__ import annotations

from typing import Any

import structlog
from django.http import HttpRequest

from config.secret_addresses import REMOVED, without_secrets
from generation.messages import tracing


def add_trace(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """The code of the trace that this happened in, where one is made."""
    if trace := tracing.trace_code():
        event.setdefault("trace", trace)
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    add_trace,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.ExtraAdder(),
]
# What people paste into headers is secret.
SECRET_KEYS = ("authorization", "cookie", "password", "token", "secret", "key")
# Requests are logged by django-structlog and jobs by the worker; these say the same again, or nothing.
CHATTY = (
    "celery.app.trace",
    "celery.beat",
    "celery.worker.strategy",
    "daphne",
    "django.channels.server",
    "django.server",
    "mcp",
    "sse_starlette",
)


def scrub(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replace the value of every field whose name speaks of a secret, and the secret parts of addresses."""
    for name, value in event.items():
        if name.lower() in SECRET_KEYS:
            event[name] = REMOVED
        elif isinstance(value, str):
            event[name] = without_secrets(value)
        elif isinstance(value, HttpRequest):  # Django's own lines have the whole of it
            event[name] = without_secrets(repr(value))
    return event


def logging_config(level: str, form: str) -> dict[str, Any]:
    """`LOGGING` for Django: every logger to stdout, in one form. Also points structlog itself there.

    Newlines inside values stay escaped in both forms, so that a prompt cannot forge a line.
    """
    as_json = structlog.processors.JSONRenderer()
    # Plain tracebacks: the pretty ones print local variables, and with them secrets.
    as_text = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    # Before the next one, since an exception may quote an address.
                    structlog.processors.format_exc_info,
                    scrub,
                    as_json if form == "json" else as_text,
                ],
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stdout"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {name: {"level": "WARNING"} for name in CHATTY},
    }
