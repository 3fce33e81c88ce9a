"""What the pages for programs have one type is typed against the true web server and a worker that draws."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from accounts.models import ApiToken, User
from config.help.pages import Page, pages
from generation.models import Job
from tests.journeys.site import Site
from tests.platform.help.blocks import run, script_of

PAGES = {page.address: page for page in pages().values() if page.section.name == "programs" and script_of(page)}


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.address.strip("/").rpartition("/")[2])
def test_what_it_says_can_be_typed(page: Page, site: Site, alice: User, tmp_path: Path) -> None:
    _, key = ApiToken.objects.create(user=alice, name="help")
    printed = run(page, tmp_path, site.address, os.environ, token=key, name="alice")
    looked_at = LOOKED_AT[page.address]
    looked_at(printed, tmp_path)


def quick_start(printed: str, folder: Path) -> None:
    with Image.open(folder / "apple.png") as picture:
        assert picture.format == "PNG" and "red apple" in picture.info["parameters"]
    assert Job.objects.count() == 2


def tokens(printed: str, folder: Path) -> None:
    assert json.loads(printed)["username"] == "alice"


def dialects(printed: str, folder: Path) -> None:
    assert '"object":"list"' in printed.replace(" ", "") and "emoji-diffusion" in printed


def errors(printed: str, folder: Path) -> None:
    assert printed.startswith(("invalid ", "empty-prompt "))


LOOKED_AT = {
    "/help/programs/quick-start/": quick_start,
    "/help/programs/tokens/": tokens,
    "/help/programs/dialects/": dialects,
    "/help/programs/errors/": errors,
}
"""What must have come of each page."""


def test_each_page_is_looked_at() -> None:
    assert set(LOOKED_AT) == set(PAGES)
