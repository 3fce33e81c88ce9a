"""Where the system forces its colours, what is chosen still looks unlike what is not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.journeys.test_making import DONE, SignIn, press

LOOK = """selector => {
  const style = getComputedStyle(document.querySelector(selector));
  return [style.backgroundColor, style.borderTopColor, style.outlineStyle, style.color].join(" ");
}"""


@pytest.fixture
def page(site: object, alice: User, sign_in: SignIn) -> Page:
    return sign_in(alice, forced_colors="active")


def assert_told_apart(page: Page, chosen: str, other: str) -> None:
    assert page.evaluate(LOOK, chosen) != page.evaluate(LOOK, other), f"{chosen} looks like {other}"


def test_count_and_size_on_create(page: Page) -> None:
    page.locator(".count input").first.check(force=True)
    assert_told_apart(page, ".count > label:has(:checked)", ".count > label:last-of-type")
    assert_told_apart(page, ".size:has(:checked)", ".size:not(:has(:checked))")


def test_chips_and_segments(page: Page) -> None:
    page.goto("/studio/lab/?mode=axes")
    assert_told_apart(page, ".segments > label:has(:checked)", ".segments > label:not(:has(:checked))")
    page.select_option("[name=x_field]", "sampler")
    page.click("[data-choices] > .chip")
    assert page.input_value("[name=x_values]")
    assert_told_apart(page, "[data-choices] > .chip[aria-pressed=true]", "[data-choices] > .chip[aria-pressed=false]")


def test_picked_tiles(page: Page) -> None:
    press(page, "a red apple", count=2, steps=4)
    expect(page.locator(DONE)).to_have_count(2)
    page.goto("/images/")
    page.locator(".tile__pick input").first.check(force=True)
    assert_told_apart(
        page, ".tile:has(.tile__pick :checked) .tile__area", ".tile:not(:has(.tile__pick :checked)) .tile__area"
    )
