"""Sends our faults to Sentry, or what speaks its protocol: where they happened and in which request or job.

Nothing personal goes along: no names, addresses, cookies, bodies, prompts or values of variables. The words of an
exception may quote any of these, so of them only its type is sent.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.conf import settings

from config.secret_addresses import without_secrets

FLUSH_SECONDS = 2.0
KEPT_OF_REQUEST = ("method", "url")
CODES = ("request_id", "job", "attempt", "run", "trace", "task_id")
"""Fields of a log line that say where to look further."""


def start() -> None:
    """Begin to send errors of this process, if the settings name a place for them."""
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.dedupe import DedupeIntegration
    from sentry_sdk.integrations.django import DjangoIntegration
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration
    from sentry_sdk.integrations.threading import ThreadingIntegration
    from sentry_sdk.utils import BadDsn

    # What is no DSN is told by `config.checks`, and must not keep the site from starting.
    with suppress(BadDsn):
        sentry_sdk.init(
            settings.SENTRY_DSN,
            # Named one by one: others tell the command line, SQL and what was sent elsewhere.
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[
                DjangoIntegration(middleware_spans=False, signals_spans=False),
                CeleryIntegration(),
                LoggingIntegration(),
                ExcepthookIntegration(),
                ThreadingIntegration(),
                DedupeIntegration(),
                AtexitIntegration(callback=lambda pending, timeout: None),
            ],
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            server_name="",
            before_send=impersonal,
        )


def impersonal(event: Any, hint: dict[str, Any]) -> Any:
    """The event without what people wrote or are called."""
    for field in ("user", "breadcrumbs", "extra", "server_name"):
        event.pop(field, None)
    contexts = event.get("contexts", {})
    event["contexts"] = {name: contexts[name] for name in ("trace", "runtime") if name in contexts}
    if request := event.get("request"):
        event["request"] = {name: request[name] for name in KEPT_OF_REQUEST if name in request}
        if address := event["request"].get("url"):
            event["request"]["url"] = without_secrets(address.partition("?")[0])
    if address := event.get("transaction"):
        event["transaction"] = without_secrets(address)
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = ""
    if (record := hint.get("log_record")) is not None:
        line = record.msg if isinstance(record.msg, dict) else {}
        event["logentry"] = {"message": str(line.get("event", record.name))}
        event["tags"] = {**event.get("tags", {}), **{code: str(line[code]) for code in CODES if code in line}}
    return event


def stop() -> None:
    """Send what is not sent yet."""
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk

    sentry_sdk.flush(FLUSH_SECONDS)
