"""Whatever a program sends: requests made up from the description alone, good and bad, by themselves and in turn."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import connections
from knox.models import get_token_model
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.context import EngineContext
from schemathesis.engine.events import NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.specs.openapi.checks import is_unexpected_http_status_case

from accounts.credits import grant
from accounts.models import ApiToken, Plan, User
from generation.api.feeds import JobFeed
from generation.api.native.waiting import seconds_to_wait
from generation.models import Checkpoint
from generation.recipes.fields import FIELDS
from tests.generation.conftest import Draw

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    # An event stream has ended here before it is read.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators:Warning"),
]

# What a plan allows, whose a thing is and how it stands is no matter of the description.
NO = ["2xx", "400", "402", "403", "404", "409", "422", "429"]
BESIDE = {
    # said once for all texts, and for all keys
    "nul-character", "idempotency-key-reused",
    # whom and what the site has, and the plan allows
    "no-such-person", "own-self", "unknown-checkpoint", "unknown-lora", "unknown-upscaler", "unknown-vae",
    "result-too-large", "too-large", "too-many-pictures", "too-many-steps",
    # where nothing but the list itself gave it out, or where it leads
    "bad-cursor", "bad-address", "not-here", "other-site",
    # one field against another
    "bad-axis", "bad-between", "bad-mix", "bad-merge", "bad-period", "bad-size", "bad-steps", "bad-schedule",
    "empty-grid", "empty-prompt", "empty-style", "grid-too-large", "name-missing", "no-picture", "one-change",
    "one-thing", "signature-missing",
    # the grammar of prompts, and letters that nobody sees
    "bad-tag", "tag-argument", "tag-number", "tag-without-name",
    "bad-title", "no-title", "title-missing", "words-missing",
    # what a file holds
    "damaged-picture", "no-parameters", "not-safetensors", "too-small", "unknown-format",
}  # fmt: skip
"""Codes that refuse, by 400 or 422, what is as the description says."""
OF_CELLS = {f"bad-{name.replace('_', '-')}" for name in FIELDS} | {"unknown-sampler", "unknown-schedule"}
"""The same of a grid, whose axes are written as texts."""

# What has a body is tried at all its bounds, one after the other. Most others have a code or a page at most, and these
# bodies have the fields of other ones.
ASKED_IN_FULL = ["images_list", "jobs_list", "posts_list"]
ALIKE = ["grids_create", "jobs_create_batch", "searches_create"]
AT_RANDOM = {"coverage": {"enabled": False}}


@pytest.fixture
def key(alice: User) -> str:
    grant(alice, 1_000_000, reference="test:many", note="for the test")
    Plan.objects.update(max_queued=10_000, daily_credits=1_000_000)
    _, key = get_token_model().objects.create(user=alice)
    return str(key)


def configured(key: str) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "headers": {"Authorization": f"Bearer {key}"},
            "continue-on-failure": True,
            "workers": 1,
            "phases": {"coverage": {"unexpected-methods": []}},
            "operations": [
                {"include-method": ["GET", "DELETE"], "exclude-operation-id": ASKED_IN_FULL, "phases": AT_RANDOM},
                {"include-operation-id": ALIKE, "phases": AT_RANDOM},
            ],
            "generation": {"max-examples": 3, "database": "none", "no-shrink": True, "deterministic": True},
            "checks": {"positive_data_acceptance": {"expected-statuses": NO}},
        }
    )


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody draws here, and who listens is told what stands, and that it is over."""

    async def nothing(feed: JobFeed) -> None: ...

    async def over(feed: JobFeed, seconds: float) -> bool:
        feed.end()
        return False

    monkeypatch.setattr(JobFeed, "listen", nothing)
    monkeypatch.setattr(JobFeed, "hear", over)
    monkeypatch.setattr("generation.api.native.jobs.seconds_to_wait", lambda request: 0 * seconds_to_wait(request))
    monkeypatch.setattr("config.throttling.take", lambda asked: [])
    # Or from then on all would be told that they are nobody.
    monkeypatch.setattr(ApiToken, "delete", lambda token: None)


def test_nothing_that_is_sent_breaks_the_site_or_its_description(
    key: str, catalog: Checkpoint, alice: User, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(alice)
    # What a socket would be told stands in the way where there is none.
    headers = {"Authorization": f"Bearer {key}"}
    monkeypatch.setattr(EngineContext, "get_transport_kwargs", lambda *of, **what: {"headers": dict(headers)})
    application = get_wsgi_application()

    def site(environ: Any, start_response: Any) -> Any:
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        try:
            return application(environ, start_response)
        finally:
            connections.close_all()

    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", site, config=configured(key))
    cases, operations, faults = Counter[str](), set[str](), Counter[str]()
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            faults[f"{event.label}: {event.value!r}"[:1000]] += 1
        if isinstance(event, ScenarioFinished):
            cases[event.phase.value] += len(event.recorder.cases)
            operations |= {node.value.operation.label for node in event.recorder.cases.values()}
            faults.update(faults_of(event.recorder))
    assert not faults, f"{cases}\n" + "\n".join(f"{number} x {fault}" for fault, number in faults.most_common())
    assert cases.total() >= 2000, cases
    assert len(operations) == sum(1 for _ in schema.get_all_operations())


def faults_of(recorder: ScenarioRecorder) -> Iterator[str]:
    """Checks of the library that failed; and refusals of what is as the description says, for a reason within it."""
    for number, checks in recorder.checks.items():
        label = recorder.cases[number].value.operation.label
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                status = getattr(failure, "status_code", "")
                yield f"{label} {check.name} {status}: {failure.title}: {failure.message}"[:600]
    for number, node in recorder.cases.items():
        case, interaction = node.value, recorder.interactions.get(number)
        response = interaction.response if interaction else None
        if response is None or case.meta is None or not case.meta.generation.mode.is_positive:
            continue
        if response.status_code in (400, 422) and not is_unexpected_http_status_case(case):
            problem = json.loads(response.content)
            if problem["code"] not in BESIDE | (OF_CELLS if "axes" in str(case.body) else set()):
                yield f"{case.operation.label}: refused as {problem['code']}: {problem['detail']} {case.body!r}"[:600]
