"""Headers of every page: a policy without inline, eval or foreign hosts, and the two scoped exceptions."""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


def policy(client: Client, path: str) -> dict[str, str]:
    header = client.get(path)["Content-Security-Policy"]
    return {name: value for name, _, value in (part.strip().partition(" ") for part in header.split(";"))}


@pytest.mark.parametrize("path", ["/healthz", "/accounts/login/", "/accounts/signup/", "/nowhere"])
def test_pages_may_load_nothing_foreign_and_run_nothing_inline(client: Client, path: str) -> None:
    seen = policy(client, path)
    assert seen["default-src"] == "'none'"
    assert seen["script-src"] == "'self'"
    assert seen["style-src"] == "'self'"
    assert seen["media-src"] == "'self'", "the films of the lab"
    assert seen["frame-ancestors"] == "'none'"
    assert seen["base-uri"] == "'none'"
    assert "unsafe" not in str(seen) and "http" not in str(seen) and "*" not in str(seen)


def test_only_the_admin_may_evaluate(client: Client) -> None:
    assert policy(client, "/admin/login/")["script-src"] == "'self' 'unsafe-eval'"
    assert "unsafe" not in policy(client, "/administration/")["script-src"]
    assert "unsafe" not in policy(client, "/api/docs/")["script-src"]


def test_the_admins_exception_keeps_the_rest_of_the_policy(client: Client) -> None:
    seen = policy(client, "/admin/login/")
    assert seen["default-src"] == "'none'"
    assert seen["form-action"] == "'self'"
    assert "http" not in str(seen)


def test_devices_framing_and_sniffing_are_off(client: Client) -> None:
    response = client.get("/accounts/login/")
    assert "camera=()" in response["Permissions-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"


def test_a_foreign_host_name_is_refused(client: Client) -> None:
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 400


def test_the_api_documentation_comes_from_this_site_alone(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    assert "https://" not in page.replace("https://www.w3.org", "")
    script = client.get("/api/docs/?script")
    assert script.status_code == 200
    assert "https://" not in script.content.decode()


def test_the_apis_answers_stay_out_of_caches(alices_api: APIClient) -> None:
    """A shared cache in front of the site must not hand one person's list to the next."""
    for path in ("/api/v1/jobs", "/api/v1/me", "/api/v1/jobs/nothing", "/api/v1/nowhere", "/api/v1/posts"):
        answer = alices_api.get(path)
        assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", ")), path
        assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", ")), path
