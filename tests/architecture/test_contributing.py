"""The files and commands that `.github/` names exist: who follows it finds what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

GUIDES = sorted((ROOT / ".github").glob("*.md"))
TOPS = ("config", "accounts", "generation", "gallery", "templates", "static", "tests", ".ci", ".github")


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_every_file_it_names_exists(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    named = {name for name in re.findall(r"`([\w./-]+)`", text) if name.split("/")[0] in TOPS and "/" in name}
    linked = set(re.findall(r"\]\((?!https?:|#)([^)]+)\)", text))
    missing = [name for name in named if not (ROOT / name).exists()]
    assert missing + [name for name in linked if not (ROOT / ".github" / name).exists()] == []


def test_contributing_names_files_and_targets_that_exist() -> None:
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(re.findall(r"`((?:generation|config|tests)/[\w./-]+)`", text)) > 20
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)(?=[`\s]+(?:#|runs|installs))", text)) <= targets
    assert set(re.findall(r"pytest (tests/\S+)", text)) and all(
        (ROOT / path).exists() for path in re.findall(r"pytest (tests/\S+)", text)
    )


def test_what_it_says_of_the_tables_is_true() -> None:
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    keys = (ROOT / "generation" / "weightfiles" / "lora_keys.py").read_text(encoding="utf-8")
    for name in ("ROLES", "PREFIXES", "UNSUPPORTED"):
        assert f"`{name}`" in text and re.search(rf"^{name}\b", keys, re.MULTILINE)
    assert re.search(r"^LAYOUTS\b", (ROOT / "tests" / "tiny_loras.py").read_text(encoding="utf-8"), re.MULTILINE)
