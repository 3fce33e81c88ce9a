"""What no view answers: problem+json under /api/, a page for a browser, a sentence for a script."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("path", ["/api/", "/api/nowhere", "/api/v1/nowhere", "/api/v1/jobs/a/b/c", "/api/v2/jobs"])
def test_unknown_addresses_of_the_api(client: Client, db: None, method: str, path: str) -> None:
    answer = getattr(client, method)(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json() == {
        "type": "/api/problems/not-found",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such thing here, or it is not yours.",
        "code": "not-found",
    }


def test_an_address_without_its_slash_still_leads_on(client: Client, db: None) -> None:
    assert client.get("/api/docs")["Location"] == "/api/docs/"


def test_a_browser_keeps_its_page(client: Client, db: None) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404 and "text/html" in answer["Content-Type"]


@pytest.mark.parametrize("method", ["options", "post", "put", "delete"])
def test_the_page_of_the_api_can_only_be_read(client: Client, db: None, method: str) -> None:
    assert getattr(client, method)("/api/docs/").status_code == 405


def test_a_foreign_host_is_a_problem_too(client: Client, db: None) -> None:
    answer = client.get("/api/v1/jobs", headers={"host": "elsewhere.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")


def test_a_fault_of_ours_is_a_problem_too(db: None, monkeypatch: Any) -> None:
    def broken(*arguments: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("gallery.api.views.get_post", broken)
    answer = Client(raise_request_exception=False).get("/api/v1/posts/abcdefghijkl")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert answer.json()["code"] == "error" and "secret" not in answer.content.decode()
