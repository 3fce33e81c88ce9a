"""Markdown of the help pages: what becomes of headings, tables, code and links, and what is not let through."""

from __future__ import annotations

import pytest

from config.help.rendering import address_of, render

HEAD = "# A title\n\nA sentence.\n\n"


def html(text: str) -> str:
    return render(HEAD + text, "makers").html


def test_title_and_sentence_are_no_part_of_the_text() -> None:
    page = render(HEAD + "## First `one`\n\nWords **here**.\n\n### Below\n", "makers")
    assert (page.title, page.sentence) == ("A title", "A sentence.")
    assert [(part.anchor, part.level) for part in page.parts] == [("", 1), ("first-one", 2), ("below", 3)]
    assert page.parts[1].text.strip() == "Words here."
    assert 'id="first-one"' in page.html and "A sentence" not in page.html


@pytest.mark.parametrize("text", ["A sentence.", "# A title", "## Lower\n\nA sentence.", "# A title\n\n- a list"])
def test_a_page_without_title_or_sentence_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="title"):
        render(text, "makers")


def test_two_headings_alike_are_refused() -> None:
    with pytest.raises(ValueError, match="same"):
        html("## Same\n\n## Same\n")


def test_html_is_text() -> None:
    assert "<script" not in html('<script>alert("x")</script>\n\nand <b onclick="x">this</b>')
    assert "javascript:" not in html("[x](javascript:alert(1))").replace("[x](javascript:alert(1))", "")
    assert "&lt;script&gt;" in html("```html\n<script>\n```")


def test_code_can_be_copied_and_tables_scroll() -> None:
    page = html("## Numbers\n\n```sh\necho 1\n```\n\n| a | b |\n| --- | --- |\n| `1` | 2 |\n")
    assert "echo 1</pre>" in page and 'data-copy-from="code-' in page
    assert '<div class="table-scroll" tabindex="0" role="region" aria-label="Numbers"><table class="ledger">' in page


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        ("loras.md", "/help/makers/loras/"),
        ("loras.md#use-one", "/help/makers/loras/#use-one"),
        ("../operators/install.md", "/help/operators/install/"),
        ("/create/", "/create/"),
        ("https://example.org/x.md", "https://example.org/x.md"),
    ],
)
def test_links_of_files_become_addresses(link: str, leads_to: str) -> None:
    assert address_of(link, "makers") == leads_to
