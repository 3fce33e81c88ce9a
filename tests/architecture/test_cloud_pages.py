"""The pages about clouds: each names only settings that there are, and every command says that no test runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.architecture.test_readme import settings_read

PAGES = sorted((ROOT / "templates" / "help" / "operators").glob("*.md"))
CLOUDS = [page for page in PAGES if page.stem in ("aws", "google-cloud", "azure")]
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", CLOUDS, ids=lambda page: page.stem)
def test_it_names_settings_that_there_are(page: Path) -> None:
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    named = {
        name for kind, text in blocks if kind == "ini" for name in re.findall(r"^([A-Z0-9_]+)=", text, re.MULTILINE)
    }
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "SIGNED_MEDIA", "WEIGHTS_IN_BUCKET"} < named
    assert named <= set(settings_read())


@pytest.mark.parametrize("page", CLOUDS, ids=lambda page: page.stem)
def test_what_costs_money_is_marked(page: Path) -> None:
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    programs = re.compile(r"^(aws|eksctl|gcloud|az|helm|kubectl) ", re.MULTILINE)
    unmarked = [text for kind, text in blocks if programs.search(text) and "not-run:" not in kind]
    assert unmarked == [] and len(blocks) > 8


def test_all_three_are_there() -> None:
    assert len(CLOUDS) == 3
