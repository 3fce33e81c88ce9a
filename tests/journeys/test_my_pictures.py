"""My pictures: boxes seen without hover, all at once, a range, none by Escape, and the shape of each picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.journeys.test_making import DONE, press

SignIn = Callable[..., Page]

RATIOS = "[...document.querySelectorAll('.tile')].map((one) => one.clientWidth / one.clientHeight)"


@pytest.fixture
def page(site: object, alice: User, sign_in: SignIn) -> Page:
    """Four pictures of alice, on her page of them."""
    page = sign_in(alice)
    press(page, "a red apple", count=4, steps=4)
    expect(page.locator(DONE)).to_have_count(4)
    page.goto("/images/")
    return page


def ticked(page: Page) -> list[int]:
    return [place for place, box in enumerate(page.locator("[name=picked]").all()) if box.is_checked()]


def test_all_a_range_and_none(page: Page) -> None:
    boxes = page.locator("[name=picked]")
    page.get_by_role("button", name="Select all").click()
    assert ticked(page) == [0, 1, 2, 3]
    page.keyboard.press("Escape")
    assert ticked(page) == []
    expect(page.locator("[data-picked-bar]")).to_be_hidden()
    boxes.nth(2).click()
    boxes.nth(0).click(modifiers=["Shift"])
    assert ticked(page) == [0, 1, 2]
    boxes.nth(1).click(modifiers=["Shift"])
    assert ticked(page) == [2], "those between are let go together, too"
    boxes.nth(3).focus()
    page.keyboard.press("Space")
    assert ticked(page) == [2, 3]


def test_escape_closes_a_menu_before_it_picks_none(page: Page) -> None:
    page.locator("[name=picked]").first.click()
    page.locator(".tile").first.hover()
    page.locator(".tile summary").first.click()
    page.keyboard.press("Escape")
    assert ticked(page) == [0]
    page.keyboard.press("Escape")
    assert ticked(page) == []


def test_the_total_follows_a_deletion_and_its_undo(page: Page) -> None:
    page.locator("[name=picked]").first.click()
    page.get_by_role("button", name="Delete", exact=True).last.click()
    expect(page.locator("[data-total]")).to_have_text("3 pictures")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-total]")).to_have_text("4 pictures")


def test_the_boxes_are_seen_without_hover(page: Page) -> None:
    page.mouse.move(0, 0)
    for pick in page.locator(".tile__pick").all():
        expect(pick).to_have_css("opacity", "1")


def test_rows_keep_the_shape_of_each_picture(page: Page) -> None:
    asked = [float(tile.get_attribute("data-ratio") or 0) for tile in page.locator(".tile").all()]
    for shown, ratio in zip(page.evaluate(RATIOS), asked, strict=True):
        assert shown == pytest.approx(ratio, rel=0.03)
