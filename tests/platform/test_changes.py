"""`/changes/`: the changelog as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.test import Client

from config.changes import versions_of


def test_it_works(db: None, client: Client) -> None:
    answer = client.get("/changes/")
    assert answer.status_code == 200 and "public" in answer["Cache-Control"]
    assert '<section class="card prose changes" id="unreleased">' in answer.text
    assert "<code>manage.py doctor</code>" in answer.text and "<h3>For operators</h3>" in answer.text
    assert 'href="/changes/"' in client.get("/status/").text


def test_versions_are_told_apart() -> None:
    first, second = versions_of(
        "# Changes\n\nIntro.\n\n## 2.0\n\n- New\n\n### For makers\n\n- More\n\n## 1.0 (old)\n\nOld.\n"
    )
    assert (first.title, first.anchor) == ("2.0", "20") and (second.title, second.anchor) == ("1.0 (old)", "10-old")
    assert "<li>New</li>" in first.html and "<h3>For makers</h3>" in first.html and "Old" not in first.html
    assert second.html == "<p>Old.</p>\n"


def test_html_in_it_is_text() -> None:
    (version,) = versions_of("## 1\n\n<script>alert(1)</script> [x](javascript:alert(1))\n")
    assert "<script" not in version.html and "href" not in version.html


def test_without_a_changelog(db: None, client: Client, settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    assert client.get("/changes/").status_code == 404
