"""My pictures: boxes seen without hover, picked by keys, starred, put into albums, and the shape of each picture."""

from __future__ import annotations

import zipfile
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from generation.training.datasets.lifecycle import create_dataset
from tests.journeys.test_making import DONE, press

SignIn = Callable[..., Page]

RATIOS = "[...document.querySelectorAll('.tile')].map((one) => one.clientWidth / one.clientHeight)"


@pytest.fixture
def page(site: object, alice: User, sign_in: SignIn) -> Page:
    """Four pictures of alice, on her page of them."""
    page = sign_in(alice)
    press(page, "a red apple", count=4, steps=1)
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


def test_the_key_stars_what_is_picked_and_what_is_looked_at(page: Page) -> None:
    stars = page.locator(".tile[data-starred]")
    page.locator(".tile").nth(1).hover()
    page.keyboard.press("s")
    expect(stars).to_have_count(1)
    page.get_by_role("button", name="Select all").click()
    page.keyboard.press("s")
    expect(stars).to_have_count(4)
    page.keyboard.press("s")
    expect(stars).to_have_count(0)
    page.keyboard.press("Escape")
    page.locator(".tile__picture").first.click()
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    expect(stars).to_have_count(1)
    page.get_by_role("link", name="Starred").click()
    expect(page.locator(".tile")).to_have_count(1)


def test_a_new_album_is_filled_from_the_bar_and_shared(page: Page, sign_in: SignIn, charlie: User) -> None:
    page.locator("[name=picked]").nth(0).click()
    page.locator("[name=picked]").nth(1).click()
    page.locator("[data-picked-bar] summary").click()
    page.get_by_label("Title of a new album").fill("Apples")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("2 pictures put into “Apples”.")
    page.get_by_role("link", name="Apples").click()
    expect(page.locator(".tile")).to_have_count(2)
    page.get_by_role("link", name="Share").first.click()
    page.get_by_role("button", name="Make the link").click()
    address = page.get_by_label("Address of the link").input_value()
    other = sign_in(charlie)
    other.goto(address)
    expect(other.locator(".picture-card")).to_have_count(2)
    page.get_by_role("link", name="End it").click()
    page.get_by_role("button", name="End the link").click()
    expect(page.locator("#messages")).to_contain_text("The link has ended.")
    other.reload()
    expect(other.locator(".picture-card")).to_have_count(0)


def test_a_zip_comes_without_leaving_the_page(page: Page) -> None:
    page.get_by_role("button", name="Select all").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Zip").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert len(archive.namelist()) == 4 and archive.testzip() is None
    assert ticked(page) == [0, 1, 2, 3]


def test_all_are_picked_for_a_data_set(page: Page, alice: User) -> None:
    dataset = create_dataset(alice, "Apples", "apple style", consent=True)
    page.goto(f"/studio/datasets/{dataset.code}/images/")
    expect(page.locator("[data-picked-bar]")).to_be_hidden()
    page.get_by_role("button", name="Select all").click()
    assert ticked(page) == [0, 1, 2, 3]
    page.keyboard.press("Escape")
    page.locator("[name=picked]").nth(0).click()
    page.locator("[name=picked]").nth(2).click(modifiers=["Shift"])
    assert ticked(page) == [0, 1, 2]
    page.get_by_label("Near-duplicates too").check()
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#messages")).to_contain_text("3 pictures added.")
