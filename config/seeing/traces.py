"""Sends traces to an OpenTelemetry collector, by OTLP over HTTP. What is traced says `generation.messages.tracing`.

Without a collector none of its packages is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from django.conf import settings

from generation.messages import tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

GIVEN_UP_AFTER_SECONDS = 5
"""So long one try takes at most; what is not taken is lost."""
_provider: TracerProvider | None = None


def start() -> None:
    """Begin to trace in this process, if the settings name a collector."""
    global _provider
    if not settings.TRACES_ENDPOINT:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    from config.seeing.span_ids import WorkedOutIds

    exporter = OTLPSpanExporter(
        f"{settings.TRACES_ENDPOINT.rstrip('/')}/v1/traces", headers=headers(), timeout=GIVEN_UP_AFTER_SECONDS
    )
    _provider = TracerProvider(
        # By the trace's id, which every process works out alike: a trace is sent whole or not at all.
        sampler=TraceIdRatioBased(settings.TRACES_PERCENT / 100),
        resource=Resource.create({"service.name": settings.SITE_NAME}),
        id_generator=WorkedOutIds(),
    )
    _provider.add_span_processor(BatchSpanProcessor(exporter))
    tracing.use(_provider)


def headers() -> dict[str, str]:
    """As the specification of OTLP has them: values may be percent-encoded."""
    pairs = (each.partition("=") for each in settings.TRACES_HEADERS.split(",") if "=" in each)
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}


def stop() -> None:
    """Send what is not sent yet, and trace no more."""
    global _provider
    tracing.use(None)
    if _provider is not None:
        _provider.shutdown()
    _provider = None
