"""The help in a browser: words are found without scripts, code is copied with them, and headings are places."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from config.help.pages import pages
from tests.journeys.conftest import NewContext


def test_somebody_without_scripts_finds_a_page(new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/")
    page.click("footer >> text=Help")
    page.fill("main [name=q]", "emphasis brackets")
    page.press("main [name=q]", "Enter")
    expect(page.locator("mark").first).to_be_visible()
    page.click("main ol a >> nth=0")
    expect(page.locator("h1")).to_have_text("Words that draw")
    expect(page.locator(".help__code button").first).to_be_hidden()
    page.click("[rel=next]")
    expect(page.locator("h1")).to_have_text("LoRAs")


def test_code_is_copied_as_it_stands(new_context: NewContext) -> None:
    page = new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.goto("/help/programs/quick-start/#wait-for-it")
    expect(page.locator("#wait-for-it")).to_be_in_viewport()
    block = page.locator(".help__code").nth(1)
    block.locator("button").click()
    expect(block.locator("button")).to_have_text("Copied")
    code = pages()["/help/programs/quick-start/"].fences[1][1]
    assert page.evaluate("navigator.clipboard.readText()") == code.strip()


def test_no_part_of_a_long_page_is_out_of_reach(new_context: NewContext) -> None:
    """On a phone, tables and code scroll by themselves, and the page does not."""
    page: Page = new_context(viewport={"width": 360, "height": 800}).new_page()
    for address in ("/help/operators/internet/", "/help/operators/settings/", "/help/makers/prompts/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
