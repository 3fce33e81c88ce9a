"""Ids of spans: those that `generation.messages.tracing` works out of a job's code, and random ones for the rest."""

from __future__ import annotations

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from generation.messages.tracing import first_ids


class WorkedOutIds(RandomIdGenerator):
    def generate_trace_id(self) -> int:
        given = first_ids.get()
        return given[0] if given else super().generate_trace_id()

    def generate_span_id(self) -> int:
        given = first_ids.get()
        return given[1] if given else super().generate_span_id()

    def is_trace_id_random(self) -> bool:
        return False
