"""What operators' pages have one type is typed, in a folder like theirs and beside a site that answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.help.pages import Page, pages
from tests.journeys.site import Site
from tests.platform.help.blocks import clone_of_this, run, script_of

PAGES = [page for page in pages().values() if page.section.name == "operators" and script_of(page)]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.address.strip("/").rpartition("/")[2])
def test_what_it_says_can_be_typed(page: Page, transactional_db: None, running_web: Site, tmp_path: Path) -> None:
    folder = clone_of_this(tmp_path, running_web.folder)
    run(page, folder, running_web.address, running_web.env)
    assert not (folder / "apple.png").exists() or (folder / "apple.png").stat().st_size > 1000


def test_most_pages_have_something_to_type() -> None:
    assert len(PAGES) > 8
