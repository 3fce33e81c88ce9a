"""Odd windows: at 200 %, on a phone held sideways and upright, the prompt's card leaves the results to be seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from generation.models import SiteState
from tests.journeys.test_making import DONE, press

SignIn = Callable[..., Page]


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).first.bounding_box()
    assert found is not None
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}


def seen_of(page: Page, selector: str) -> float:
    """The share of an element's height that is neither below the tabs nor under the card."""
    tile, card = box(page, selector), box(page, ".prompt-card")
    end = box(page, ".tabbar")["y"]
    if card["x"] < tile["x"] + tile["width"] and tile["x"] < card["x"] + card["width"]:
        end = min(end, card["y"])
    return max(0.0, min(end, tile["y"] + tile["height"]) - tile["y"]) / tile["height"]


@pytest.mark.parametrize(
    ("width", "height"), [(640, 400), (740, 360), (360, 740)], ids=["zoomed", "sideways", "upright"]
)
def test_the_results_are_seen_beside_the_card(
    site: object, alice: User, sign_in: SignIn, width: int, height: int
) -> None:
    page = sign_in(alice)
    press(page, "a red apple", count=2, steps=4)
    expect(page.locator(DONE)).to_have_count(2)
    page.set_viewport_size({"width": width, "height": height})
    page.reload()
    assert seen_of(page, ".tile__area") > 0.5
    button = box(page, "[data-make]")
    assert button["y"] + button["height"] <= box(page, ".tabbar")["y"]
    page.focus("[name=prompt]")
    expect(page.locator(".inspection__meter, #inspection-prompt").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("lines", [1, 2])
def test_an_announcement_leaves_the_button_on_the_screen(
    site: object, alice: User, sign_in: SignIn, lines: int
) -> None:
    words = "New disks come on Sunday from 8 to 9, and nothing is drawn then" + ", nor on Monday" * 8 * (lines - 1)
    SiteState.objects.create(pk=1, notice=f"{words}.")
    page = sign_in(alice, viewport={"width": 1280, "height": 800})
    told = page.locator(".announcement").get_by_text(words)
    while not told.count():  # the web server reads it now and then
        page.wait_for_timeout(500)
        page.reload()
    line_height = 0.9375 * 16 * 1.45
    assert box(page, ".announcement")["height"] == pytest.approx(lines * line_height + 16, abs=1)
    for width, height in ((1280, 800), (360, 740), (740, 360)):
        page.set_viewport_size({"width": width, "height": height})
        page.reload()
        foot = min(height, box(page, ".tabbar")["y"]) if width < 1024 else height
        for part in ("[data-make]", ".prompt-card"):
            assert box(page, part)["y"] + box(page, part)["height"] <= foot, (width, part)
