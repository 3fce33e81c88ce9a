"""The actions of a tile: by the pointer, by the keyboard, by touch, and what becomes of the focus after a deletion."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from accounts.models import User
from generation.models import GeneratedImage
from tests.journeys.test_making import DONE, press

SignIn = Callable[..., Page]


def focused(page: Page) -> str:
    """The label, or else the words, of what has the focus."""
    return str(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent.trim()"))


def makes(page: Page, count: int) -> None:
    press(page, "a red apple", count=count, steps=4)
    expect(page.locator(DONE)).to_have_count(count)


def test_a_tile_is_one_stop_and_arrows_reach_its_actions(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    makes(page, 2)
    first, second = page.locator(".tile__picture").nth(0), page.locator(".tile__picture").nth(1)
    first.focus()
    labels = []
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        labels.append(focused(page))
    assert labels == ["Use this recipe", "Download PNG", "More actions"]
    newest_first = [str(link.get_attribute("href")).split("/")[2] for link in (first, second)]
    asked = page.locator(".tile__actions a[download]").first.get_attribute("href")
    assert asked == f"/images/{newest_first[0]}/download/png"
    assert GeneratedImage.objects.filter(code__in=newest_first).count() == 2
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(first).to_be_focused()
    page.keyboard.press("Tab")
    expect(second).to_be_focused()


def test_deleting_leads_the_focus_to_undo_and_undo_brings_it_back(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    makes(page, 1)
    page.goto("/images/")
    image = GeneratedImage.objects.get()
    tile = page.locator(f"#tile-{image.code}")
    tile.hover()
    tile.locator("summary").click()
    tile.get_by_role("button", name="Delete").click()
    expect(tile).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(tile).to_be_visible()
    expect(tile.locator(".tile__picture")).to_be_focused()
    image.refresh_from_db()
    assert image.deleted_at is None


def test_touch_has_the_menu_at_once(site: object, alice: User, sign_in: SignIn) -> None:
    makes(sign_in(alice), 1)
    page = sign_in(alice, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page.goto("/images/")
    page.locator(".tile summary").tap()
    expect(page.get_by_role("link", name="Publish")).to_be_visible()
