"""The search of the help: what it finds first, what it marks, and that odd words do no harm."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from config.help.search import LONGEST_QUERY, search


@pytest.mark.parametrize(
    ("query", "address"),
    [
        ("back up", "/help/operators/back-up/"),
        ("negative prompt", "/help/makers/prompts/#the-negative-prompt"),
        ("emphasis", "/help/makers/prompts/"),
        ("install", "/help/operators/install/"),
        ("idempotency", "/help/programs/quick-start/#never-twice-by-accident"),
        ("PROXY_COUNT", "/help/operators/internet/#the-proxy"),
        ("sillytavern", "/help/api/sillytavern/"),
        ("upscal", "/help/makers/editing/#larger"),
        ("Crédits", "/help/makers/credits/"),
        ("how do I make a picture larger?", "/help/makers/editing/#larger"),
        ("refund", "/help/makers/credits/#how-they-come-and-go"),
    ],
)
def test_the_best_place_is_among_the_first(query: str, address: str) -> None:
    assert address in [result.address for result in search(query)[:3]]


def test_all_words_count_before_some() -> None:
    together = search("held validation loss")
    assert together[0].address.startswith("/help/makers/training/")
    assert search("captions zzzzqq")[0].address.startswith("/help/makers/training/")


@pytest.mark.parametrize(
    "query", ["", "   ", "zzzzqq", "'\"<>&%", "a" * 5000, "\u202e", "é" * 300, "(((", "the the the"]
)
def test_odd_words_do_no_harm(client: Client, db: None, query: str) -> None:
    page = client.get("/help/", {"q": query})
    assert page.status_code == 200
    assert len(page.content) < 60_000
    shown = re.search(r'name="q" [^>]*value="([^"]*)"[^>]*>\s*</form>\s*</header>', page.text)
    assert shown and html.unescape(shown[1]) == query.strip()[:LONGEST_QUERY]


def test_what_was_found_is_marked_and_escaped(client: Client, db: None) -> None:
    page = client.get("/help/", {"q": "lora tag strength"}).text
    assert "<mark>LoRA</mark>" in page
    assert re.search(r"&lt;(<mark>)?lora(</mark>)?:", page) and not re.search(r"<(<mark>)?lora", page)


def test_nothing_found_shows_the_contents(client: Client, db: None) -> None:
    page = client.get("/help/", {"q": "<zzzzqq>"}).text
    assert "Nothing here is about “&lt;zzzzqq&gt;”" in page
    assert 'id="makers"' in page
    assert 'name="robots" content="noindex"' in page
