"""Templates run no queries: what a page shows was fetched by its view, so the view's code tells what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.test import Client

from accounts.models import User
from tests.architecture.access_table import TABLE
from tests.architecture.access_things import things_of

# Not the pages of allauth, whose own templates ask for what they show.
PAGES = sorted(
    route for route, row in TABLE.items() if "GET" in row.methods and not route.startswith(("accounts/", "api/"))
)


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Template and SQL of every query that is made while a template renders; of an included one its includer."""
    made: list[str] = []
    open_templates: list[str] = []
    render = Template._render  # type: ignore[attr-defined]

    def noted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        made.append(f"{' > '.join(open_templates)}: {sql[:400]}")
        return execute(sql, params, many, context)

    def watched(template: Template, context: Context) -> Any:
        open_templates.append(str(template.name))
        try:
            if len(open_templates) > 1:
                return render(template, context)
            with connection.execute_wrapper(noted):
                return render(template, context)
        finally:
            open_templates.pop()

    monkeypatch.setattr(Template, "_render", watched)
    return made


@pytest.fixture
def people(alice: User, bob: User, signed_in: Any) -> dict[str, Client]:
    return {"anonymous": Client(), "owner": signed_in(alice), "moderator": signed_in(bob)}


def test_the_pages_are_those_of_the_access_table() -> None:
    assert len(PAGES) > 40


@pytest.mark.django_db
@pytest.mark.parametrize("route", PAGES)
def test_a_page_asks_for_all_that_it_shows_in_its_view(
    route: str, people: dict[str, Client], alice: User, queries: list[str]
) -> None:
    path = "/" + (TABLE[route].path or route).format(**things_of(alice))
    assert list(asked(path, people, queries)) == []


def asked(path: str, people: dict[str, Client], queries: list[str]) -> Iterator[str]:
    for who, client in people.items():
        queries.clear()
        client.get(path)
        yield from (f"{who}: {query}" for query in queries)
