"""The dashboard and the alerts in `config/deploy` ask for metrics and labels that a true scrape has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from generation.engine.batching.metrics import EngineMetrics
from generation.messages.counters import counters
from generation.models import GpuWorker
from tests.architecture.sources import ROOT

DASHBOARD = json.loads((ROOT / "config/deploy/grafana/dashboard.json").read_text())
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "config/deploy/prometheus/alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
SCALING = (ROOT / "config/deploy/chart/templates/keda.yaml").read_text()
ASKED = [
    *(("KEDA", query) for query in re.findall(r"query: (.+)", SCALING)),
    *((rule["alert"], rule["expr"]) for rule in RULES),
    *((panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]),
]


@pytest.fixture
def labels(admin_client: Client) -> dict[str, set[str]]:
    """The names that a scrape has, each with its labels, after one of everything has happened."""
    engine = EngineMetrics()
    engine.stepped(2, 0.5)
    engine.admitted(1.0)
    engine.ended("finished")
    told = vars_of(engine)
    GpuWorker.objects.create(name="gpu-1", device="cpu", slots=8, seen_at=timezone.now(), metrics=told)
    counters.add("jobs_ended", "failed", "weights-missing")
    counters.add("trainings_ended", "done")
    counters.add("previews_dropped", "too-soon")
    counters.add("celery_tasks", "generation.tasks.recover", "success")
    counters.observe("celery_task_seconds", "generation.tasks.recover", value=0.1)
    counters.observe("job_wait_seconds", value=3)
    counters.change("sockets_open", "pages", by=0)
    admin_client.get("/status/")
    families = text_string_to_metric_families(admin_client.get("/metrics").text)
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


def vars_of(engine: EngineMetrics) -> dict[str, Any]:
    snapshot = engine.snapshot()
    return json.loads(json.dumps({name: getattr(snapshot, name) for name in snapshot.__slots__}))  # type: ignore[no-any-return]


def selectors(node: Any) -> Iterator[Any]:
    """Every metric that an expression names, with what it asks of its labels."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "param", "vector_selector"):
        child = getattr(node, name, None)
        if child is not None and not isinstance(child, str):
            yield from selectors(child)
    for child in getattr(node, "args", None) or ():
        yield from selectors(child)


def grouped_by(expression: str) -> set[str]:
    return {name.strip() for names in re.findall(r"\b(?:by|on) \(([\w, ]*)\)", expression) for name in names.split(",")}


def test_all_that_is_asked_is_there(labels: dict[str, set[str]]) -> None:
    wrong = []
    for title, expression in ASKED:
        found = list(selectors(promql_parser.parse(expression)))
        assert {each.name for each in found} == set(re.findall(r"\btempera_\w+", expression)), title
        known: set[str] = set()
        for each in found:
            if each.name not in labels:
                wrong.append(f"{title}: there is no {each.name}")
            asked = {matcher.name for matcher in each.matchers.matchers}
            known |= labels.get(each.name, set())
            wrong += [f"{title}: {each.name} has no {label}" for label in asked - labels.get(each.name, set())]
        wrong += [f"{title}: nothing has {label}" for label in grouped_by(expression) - known - {""}]
    assert wrong == []


def test_legends_name_labels_that_are_kept(labels: dict[str, set[str]]) -> None:
    wrong = []
    for panel in PANELS:
        for target in panel["targets"]:
            known = set().union(*(labels[each.name] for each in selectors(promql_parser.parse(target["expr"]))))
            kept = grouped_by(target["expr"]) - {"le"} or known
            named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            wrong += [f"{panel['title']}: {label}" for label in named - kept]
    assert wrong == []


def test_every_metric_is_looked_at(labels: dict[str, set[str]]) -> None:
    """What nobody sees need not be measured."""
    asked = " ".join(expression for _, expression in ASKED)
    suffix = re.compile(r"_(bucket|count|sum|total|created)$")
    unseen = {suffix.sub("", name) for name in labels if suffix.sub("", name) not in asked}
    assert {name for name in unseen if name.startswith("tempera_")} == set()


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert len(rule["annotations"]["summary"]) > 20 and len(rule["annotations"]["action"]) > 40


def test_panels_lie_beside_each_other() -> None:
    places = [(row, column) for panel in DASHBOARD["panels"] for row, column in squares(panel["gridPos"])]
    assert len(places) == len(set(places)) and max(column for _, column in places) < 24
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def squares(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for row in range(place["h"]):
        for column in range(place["w"]):
            yield place["y"] + row, place["x"] + column
