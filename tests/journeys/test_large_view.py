"""The large view on Create: opened from a tile, turned, zoomed, compared and closed without leaving the page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from accounts.models import User
from generation.models import GeneratedImage
from tests.journeys.test_tile_actions import makes

SignIn = Callable[..., Page]


def test_it_opens_turns_zooms_compares_and_gives_the_focus_back(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    makes(page, 3)
    tiles = page.locator(".tile__picture")
    tiles.nth(0).click()
    large = page.locator("#large")
    expect(large).to_be_visible()
    assert page.url.endswith("/create/")
    expect(large.locator("[data-large=count]")).to_have_text("1 of 3")
    expect(large.locator("[data-large=previous]")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    expect(large.locator("[data-large=count]")).to_have_text("2 of 3")

    picture = large.locator("[data-large=picture]")
    whole = picture.bounding_box()
    page.keyboard.press("z")
    near = picture.bounding_box()
    assert whole and near and near["width"] > 1.9 * whole["width"]

    page.keyboard.press("c")
    other = large.locator("[data-large=other]")
    expect(other).to_be_visible()
    sources = [image.get_attribute("src") for image in (picture, other)]
    assert len(set(sources)) == 2
    page.keyboard.press("c")
    expect(other).to_be_hidden()

    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    expect(tiles.nth(1)).to_be_focused()


def test_its_actions_are_those_of_the_picture_shown(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    makes(page, 2)
    page.goto("/images/")
    page.locator(".tile__picture").nth(1).click()
    code = page.locator(".tile").nth(1).get_attribute("id")
    assert code is not None
    page.click("#large >> text=Use this recipe")
    page.wait_for_url("**/create/**")
    seed = GeneratedImage.objects.get(code=code.removeprefix("tile-")).seed
    expect(page.locator("[name=seed]")).to_have_value(str(seed))
    expect(page.locator("[data-kept-seed]")).to_contain_text("The seed is kept")
    page.click("[data-new-seed]")
    expect(page.locator("[name=seed]")).to_have_value("")


def test_a_key_held_opens_the_page_of_the_picture(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    makes(page, 1)
    with page.context.expect_page() as coming:
        page.locator(".tile__picture").click(modifiers=["ControlOrMeta"])
    coming.value.wait_for_url("**/images/*/")
    expect(page.locator("#large")).to_be_hidden()
