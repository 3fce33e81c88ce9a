"""A ControlNet is chosen with its picture: what it reads is shown, the next place opens up, and the price follows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.models import User
from generation.models import Job, SourcePicture
from tests.generation.catalog.test_controlnets import controlnet
from tests.journeys.test_making import SignIn

WIDTHS = (1280, 360)


def opened(page: Page) -> None:
    """Unfold the control pictures, below the options where the window is small."""
    for fold in (".prompt-card__options", "#control-pictures"):
        if page.locator(fold).get_attribute("open") is None:
            page.click(f"{fold} > summary")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_shape_is_kept(site: object, alice: User, sign_in: SignIn, tmp_path: Path, width: int) -> None:
    controlnet("edges-canny")
    file = tmp_path / "photo.png"
    Image.new("RGB", (128, 96), "teal").save(file)
    page = sign_in(alice, viewport={"width": width, "height": 800})
    page.fill("[name=prompt]", "a red apple")
    opened(page)
    place, next_place = page.locator('[data-control="1"]'), page.locator('[data-control="2"]')
    expect(next_place).to_be_hidden()
    place.locator("[data-control-name]").select_option("edges-canny")
    expect(place.locator("[data-control-preprocessor]")).to_have_value("canny")
    place.locator("[data-control-file]").set_input_files(file)
    expect(place.locator("[data-control-picture]")).to_have_value(re.compile(r"^\w{8,16}$"))
    code = SourcePicture.objects.get().code
    expect(place.locator("[data-control-thumb]")).to_have_attribute("src", f"/sources/{code}/file")
    expect(place.locator("[data-control-preview] img")).to_have_attribute("src", re.compile("^blob:"))
    expect(next_place).to_be_visible()
    expect(page.locator("[data-controls-summary]")).to_have_text("Edges-Canny")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.click("[data-make]")
    expect(page.locator(".tile")).not_to_have_count(0)
    (pick,) = Job.objects.earliest("pk").recipe.controls
    assert (pick.name, pick.preprocessor, pick.picture.code) == ("edges-canny", "canny", code)

    page.reload()
    expect(place.locator("[data-control-picture]")).to_have_value(code)
    opened(page)
    place.locator("[data-control-remove]").click()
    expect(page.locator("[data-controls-summary]")).to_have_text("none")
    expect(next_place).to_be_hidden()


def test_a_second_pass_gives_way_to_a_picture_and_comes_back(
    site: object, alice: User, sign_in: SignIn, tmp_path: Path
) -> None:
    file = tmp_path / "photo.png"
    Image.new("RGB", (128, 128), "teal").save(file)
    page = sign_in(alice, viewport={"width": 1280, "height": 800})
    page.click("text=Second pass, larger")
    page.check("#id_hires")
    page.set_input_files("#picture-to-read", file)
    page.get_by_role("button", name="Start from it").click()
    expect(page.locator("#editor")).to_be_visible()
    expect(page.locator("#id_hires")).to_be_hidden()
    expect(page.get_by_text("A second pass follows a picture from text")).to_be_visible()
    page.click("[data-start-remove]")
    expect(page.locator("#id_hires")).to_be_checked()
