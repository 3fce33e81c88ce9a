"""Whatever a program sends: requests made up from the schema alone, good and bad, by themselves and in turn."""

from __future__ import annotations

from collections import Counter
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

from accounts.credits import grant
from accounts.models import Plan, User
from generation.api.native.waiting import seconds_to_wait
from generation.models import Checkpoint
from tests.generation.conftest import Draw

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LENIENT = "negative_data_rejection"
"""The framework takes 1 and "yes" for true, and filters leave out what nothing can be found by: few may be accepted."""
MOST_ACCEPTED = 5
STREAMS = ("jobs_events", "jobs_events_all")
"""They go on for as long as somebody listens."""
# What a plan, a name that nobody has, or what stands already says no to fits the schema all the same.
NO = [f"{status}" for status in (400, 401, 402, 403, 404, 409, 413, 415, 422, 429)]


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
            "generation": {"max-examples": 8, "database": "none", "no-shrink": True, "deterministic": True},
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", *NO]}},
            "operations": [{"include-operation-id": [*STREAMS], "enabled": False}],
        }
    )


def test_nothing_that_is_sent_breaks_the_site_or_its_description(
    key: str, catalog: Checkpoint, alice: User, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(alice)
    # Nobody draws here.
    monkeypatch.setattr("generation.api.native.jobs.seconds_to_wait", lambda request: 0 * seconds_to_wait(request))
    monkeypatch.setattr("config.throttling.count", lambda *of: None)
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
    cases, faults, accepted = 0, Counter[str](), Counter[str]()
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            faults[f"{event.label}: {event.value!r}"[:1000]] += 1
        if not isinstance(event, ScenarioFinished):
            continue
        cases += len(event.recorder.cases)
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    found = accepted if check.name == LENIENT else faults
                    found[f"{event.label} {check.name}: {failure.title}: {failure.message}"[:600]] += 1
    assert not faults, f"{cases} cases\n" + "\n".join(f"{number} x {fault}" for fault, number in faults.most_common())
    assert len(accepted) <= MOST_ACCEPTED, accepted
    assert cases >= 2000
