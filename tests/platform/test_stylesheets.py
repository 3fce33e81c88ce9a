"""A site that serves collected files gives every page one stylesheet, which holds all of ours in their order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import Client

from config.stylesheets import IMPORT, IMPORTING
from tests.architecture.sources import ROOT

CSS = ROOT / "static" / "css"
ALONE = {
    "admin.css", "admin-noscript.css", "pages/gallery-desk.css", "pages/gallery-moderation.css", "pages/operations.css",
}  # fmt: skip
"""What only Unfold's pages load, beside its own."""
PAGES = ["/status/", "/create/", "/images/", "/gallery/", "/loras/", "/studio/", "/studio/lab/", "/account/", "/no/"]
LINK = re.compile(r'<link [^>]*rel="stylesheet"[^>]*>')


@pytest.fixture
def collected(settings: Any, tmp_path: Path) -> Path:
    """Static files as a running site has them."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "config.stylesheets.JoiningStorage"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_every_page_asks_for_one_stylesheet_that_holds_them_all(collected: Path, alices: Client) -> None:
    for path in PAGES:
        links = LINK.findall(alices.get(path).content.decode())
        assert links == [f'<link rel="stylesheet" href="{staticfiles_storage.url(IMPORTING)}">'], path
    sheet = (collected / staticfiles_storage.url(IMPORTING).removeprefix("/static/")).read_text()
    assert "@import" not in sheet
    places = [sheet.index(last_rule(CSS / name)) for name in IMPORT.findall((CSS / "site.css").read_text())]
    assert places == sorted(places)
    addresses = re.findall(r'url\("([^"]+)"\)', sheet)
    assert addresses and all((collected / "css" / address).is_file() for address in addresses)


def last_rule(path: Path) -> str:
    return path.read_text().rstrip()[-80:]


def test_every_stylesheet_is_joined() -> None:
    named = IMPORT.findall((CSS / "site.css").read_text())
    ours = {path.relative_to(CSS).as_posix() for path in CSS.rglob("*.css")}
    assert len(named) == len(set(named)) and {*named, *ALONE, "site.css"} == ours
