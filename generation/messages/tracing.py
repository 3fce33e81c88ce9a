"""Traces for OpenTelemetry: one a job, from its submission to its stored file. Off until `config` gives a provider.

A trace's id and its first span's are worked out from the job's code, so whoever holds the row continues the trace: the
wake-up carries nothing, may be lost, and may come for another job than it was sent for.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer, TracerProvider

Value = str | int | float | bool

_tracer: Tracer | None = None
first_ids: ContextVar[tuple[int, int] | None] = ContextVar("first_ids", default=None)
"""Ids of the trace and the span that are begun next, where they are worked out; for the provider's id generator."""


def use(provider: TracerProvider | None) -> None:
    """Trace from now on, or no more."""
    global _tracer
    _tracer = provider.get_tracer("tempera") if provider is not None else None


def ids_of(code: str) -> tuple[int, int]:
    """The ids of a job's trace and of its first span."""
    digest = hashlib.sha256(f"tempera job {code}".encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


def trace_code() -> str:
    """The trace that this is part of, as logs name it: 32 hexadecimal digits, or empty."""
    if _tracer is None:
        return ""
    from opentelemetry import trace  # local, as below: where nothing is traced it is not loaded

    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def submitted(codes: Sequence[str], began: int, announced: int) -> None:
    """Begin the trace of each job: asked for at `began`, wake-ups sent from `announced` on (ns since 1970)."""
    if _tracer is None:
        return
    from opentelemetry import trace

    request = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    ended = time.time_ns()
    for code in codes:
        first = first_ids.set(ids_of(code))
        try:
            root = _tracer.start_span(
                "submit", context=trace.set_span_in_context(trace.INVALID_SPAN), kind=trace.SpanKind.SERVER,
                attributes={"job": code, "request": request}, start_time=began,
            )  # fmt: skip
        finally:
            first_ids.reset(first)
        within = trace.set_span_in_context(root)
        wakeup = _tracer.start_span("wake-up", within, trace.SpanKind.PRODUCER, start_time=announced)
        wakeup.end(ended)
        root.end(ended)


@contextmanager
def _job_span(
    tracer: Tracer, name: str, code: str, waited_from: datetime | None, waited_to: datetime | None
) -> Iterator[None]:
    from opentelemetry import trace

    within = _continued(code)
    if waited_from is not None and waited_to is not None:
        tracer.start_span("queue", within, start_time=_nanoseconds(waited_from)).end(_nanoseconds(waited_to))
    with tracer.start_as_current_span(name, within, trace.SpanKind.CONSUMER, {"job": code}):
        yield


def _continued(code: str) -> Context:
    """The trace of a job as it was begun elsewhere, perhaps by a process that could not send it."""
    from opentelemetry import trace

    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
    return trace.set_span_in_context(trace.NonRecordingSpan(trace.SpanContext(*ids_of(code), True, flags)))


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1e6) * 1000


def of_job(
    name: str, code: str, waited_from: datetime | None = None, waited_to: datetime | None = None
) -> AbstractContextManager[None]:
    """Trace the block as part of the job's trace, and before it the time that the job has waited."""
    return nullcontext() if _tracer is None else _job_span(_tracer, name, code, waited_from, waited_to)


def span(name: str, **attributes: Value) -> AbstractContextManager[object]:
    """Trace the block as a part of what is traced around it."""
    return nullcontext() if _tracer is None else _tracer.start_as_current_span(name, attributes=attributes)


def failed(code: str) -> None:
    """Mark what is traced around this as failed, with the code that people and programs are told."""
    if _tracer is None:
        return
    from opentelemetry import trace

    trace.get_current_span().set_status(trace.StatusCode.ERROR, code)
