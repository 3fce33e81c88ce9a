"""Traces: one a job, from its submission to its stored file, at a real receiver of OTLP; and the codes in the log."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from accounts.models import User
from config.logs import logging_config
from config.seeing import traces
from generation.messages import tracing
from generation.models import Job
from generation.worker import drawing
from generation.worker.process import WorkerProcess
from tests.architecture.sources import ROOT
from tests.generation.conftest import Queue
from tests.platform.receiving import Receiver, receiving


@pytest.fixture
def collector(settings: Any) -> Iterator[Receiver]:
    with receiving() as receiver:
        settings.TRACES_ENDPOINT, settings.TRACES_HEADERS = receiver.address, "X-Key=a%20b"
        traces.start()
        try:
            yield receiver
        finally:
            traces.stop()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What this process writes, as a site with LOG_FORMAT=json does."""
    written = io.StringIO()
    line = dict(logging_config("INFO", "json")["formatters"]["line"])
    handler = logging.StreamHandler(written)
    handler.setFormatter(line.pop("()")(**line))
    logging.root.addHandler(handler)
    yield written
    logging.root.removeHandler(handler)


def spans_of(receiver: Receiver) -> list[Span]:
    """Ends the tracing of this process, which sends what it has."""
    traces.stop()
    requests = [ExportTraceServiceRequest.FromString(body) for body in receiver.bodies]
    return [span for request in requests for each in request.resource_spans for scope in each.scope_spans
            for span in scope.spans]  # fmt: skip


def test_one_trace_from_the_page_to_the_file(
    collector: Receiver, alice: User, queue: Queue, worker: WorkerProcess, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        jobs = queue(alice, count=2)
    assert drawing.perform_ready_jobs() == 2
    spans = spans_of(collector)
    for job in jobs:
        trace_id, root_id = tracing.ids_of(job.code)
        mine = {span.name: span for span in spans if int.from_bytes(span.trace_id) == trace_id}
        assert set(mine) == {"submit", "wake-up", "queue", "worker", "engine", "judge", "storage", "rows"}
        root = mine["submit"]
        assert (int.from_bytes(root.span_id), root.parent_span_id) == (root_id, b"")
        assert {mine[name].parent_span_id for name in ("wake-up", "queue", "worker")} == {root.span_id}
        inner = {mine[name].parent_span_id for name in ("engine", "judge", "storage", "rows")}
        assert inner == {mine["worker"].span_id}
        ends = [mine[name].end_time_unix_nano for name in ("submit", "engine", "storage", "rows", "worker")]
        assert ends == sorted(ends)
        assert mine["worker"].start_time_unix_nano <= mine["engine"].start_time_unix_nano
    path, headers, _ = collector.received[0]
    assert (path, headers["x-key"]) == ("/v1/traces", "a b")
    assert all(b"a red apple" not in body and b"alice" not in body for body in collector.bodies)


def test_a_failed_job_is_marked_in_its_trace(
    collector: Receiver, alice: User, queue: Queue, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its wake-up was lost, and with it the first span: the trace is the job's nevertheless."""
    (job,) = queue(alice)
    monkeypatch.setattr(drawing, "draw", lambda *_: 1 / 0)
    drawing.perform_ready_jobs()
    spans = {span.name: span for span in spans_of(collector)}
    trace_id, root_id = tracing.ids_of(job.code)
    assert int.from_bytes(spans["worker"].trace_id) == trace_id
    assert int.from_bytes(spans["worker"].parent_span_id) == root_id
    assert (spans["worker"].status.code, spans["worker"].status.message) == (2, "internal-error")


def test_log_lines_name_request_job_and_trace(
    transactional_db: None, collector: Receiver, log: io.StringIO, alices_api: Any, catalog: object,
    worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asks = {"prompt": "a blue pear", "width": 128, "height": 128, "steps": 4}
    answer = alices_api.post("/api/v1/jobs", asks, format="json", headers={"X-Request-Id": "from-outside"})
    assert answer.status_code == 202, answer.text
    job = Job.objects.get()
    monkeypatch.setattr(drawing, "draw", lambda *_: 1 / 0)
    drawing.perform_ready_jobs()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    by_event = {line["event"]: line for line in lines}
    asked = by_event["jobs_submitted"]
    assert (asked["request_id"], asked["jobs"], asked["submission"]) == ("from-outside", [job.code], job.submission)
    broke = by_event["job_broke"]
    assert (broke["job"], broke["attempt"], broke["level"]) == (job.code, 1, "error")
    assert broke["trace"] == f"{tracing.ids_of(job.code)[0]:032x}"
    assert "ZeroDivisionError" in broke["exception"]
    assert not [line for line in lines if "a blue pear" in json.dumps(line)]


def test_a_share_of_jobs_is_traced_whole(collector: Receiver, settings: Any) -> None:
    traces.stop()
    settings.TRACES_PERCENT = 50
    traces.start()
    codes = [f"{number:016x}" for number in range(60)]
    tracing.submitted(codes, 1, 2)
    for code in codes:
        with tracing.of_job("worker", code):
            pass
    by_trace: dict[bytes, set[str]] = {}
    for span in spans_of(collector):
        by_trace.setdefault(span.trace_id, set()).add(span.name)
    assert 15 < len(by_trace) < 45
    assert set(map(frozenset, by_trace.values())) == {frozenset({"submit", "wake-up", "worker"})}


def test_without_a_collector_nothing_is_loaded() -> None:
    script = (
        "import django, sys; django.setup(); from generation.messages import tracing\n"
        "with tracing.of_job('worker', 'x'), tracing.span('engine', steps=1): tracing.failed('x')\n"
        "heavy = ('opentelemetry.sdk.trace', 'opentelemetry.exporter', 'opentelemetry.proto', 'sentry_sdk')\n"
        "print(tracing.trace_code(), [name for name in sys.modules if name.startswith(heavy)])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr
