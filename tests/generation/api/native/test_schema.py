"""The OpenAPI description: complete without a warning, and its page comes from this site alone."""

from __future__ import annotations

import io
import re

from django.core.management import call_command
from django.test import Client


def test_the_schema_has_no_warnings(db: None, tmp_path: object) -> None:
    call_command(
        "spectacular", "--fail-on-warn", "--validate", "--file", f"{tmp_path}/schema.yaml", stderr=io.StringIO()
    )


def test_the_page_loads_nothing_from_elsewhere(client: Client, db: None) -> None:
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert not re.findall(r"(?:src|href)=[\"']https?://", page.content.decode())


def test_me(client: Client, db: None) -> None:
    assert client.get("/api/v1/me").status_code == 401
