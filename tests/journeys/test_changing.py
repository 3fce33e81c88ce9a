"""A picture is changed: a part is painted over and drawn anew, it grows, it is compared, published and read back."""

from __future__ import annotations

import io
import re
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.models import User
from gallery.models import Post
from generation.models import GeneratedImage, SourcePicture
from generation.storage import files
from tests.journeys.test_inspector import DROP
from tests.journeys.test_making import DONE, SignIn
from tests.journeys.test_publishing import draw, send_in

SURFACE = '[data-layer="marks"]'


def stroke(page: Page, *shares: tuple[float, float]) -> None:
    """Paint through places of the editor's window, as shares of it from the middle."""
    box = page.locator(SURFACE).bounding_box()
    assert box is not None
    side = min(box["width"], box["height"])
    places = [(box["x"] + box["width"] / 2 + x * side, box["y"] + box["height"] / 2 + y * side) for x, y in shares]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def drafted(page: Page, field: str) -> AbstractContextManager[object]:
    """The block ends when the server has a draft in which the field has this value, a pattern."""
    what = re.compile(field)
    return page.expect_response(
        lambda answer: answer.url.endswith("/create/draft/") and bool(what.search(answer.request.post_data or ""))
    )


def kept(page: Page, name: str) -> None:
    """Wait until the server has the mask that was painted."""
    expect(page.locator(f"[name={name}]")).to_have_value(re.compile(r"^\w{8,16}$"))


def make(page: Page, count: int, steps: int = 8) -> GeneratedImage:
    """Press the button; the newest of then `count` pictures."""
    if not page.locator("#id_steps").is_visible():
        page.click("#more > summary")
    page.fill("#id_steps", str(steps))
    page.click("[data-make]")
    expect(page.locator(DONE)).to_have_count(count)
    image = GeneratedImage.objects.newest().first()
    assert image is not None
    return image


def pixels(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(files.read(name))).convert("RGB"))


def test_a_picture_is_changed_and_every_step_can_be_seen(
    site: object, alice: User, sign_in: SignIn, tmp_path: Path
) -> None:
    page = sign_in(alice)
    draw(page, "a red apple", steps=8)
    first = GeneratedImage.objects.get()
    page.get_by_role("link", name="Change it").click()
    page.wait_for_url("**/create/")
    expect(page.locator("#editor")).to_be_visible()
    expect(page.locator("[name=prompt]")).to_have_value("a red apple")

    with drafted(page, r'name="mask"\s+\w{8}'):
        stroke(page, (-0.1, -0.1), (0.1, -0.1))
    page.reload()
    kept(page, "mask")
    expect(page.locator("[data-start-words]")).to_have_text("Only what is painted changes.")
    page.fill("[name=prompt]", "a green pear")
    second = make(page, 2)
    start = second.recipe.start
    assert start is not None and start.source.sha256 == first.sha256 and start.mask is not None
    mask = pixels(SourcePicture.objects.get(sha256=start.mask.sha256).file)[..., 0]
    before, after = pixels(first.file), pixels(second.file)
    assert mask.max() == 255 and (before[mask == 255] != after[mask == 255]).any()
    far = np.asarray(Image.fromarray(mask).resize((16, 16), Image.Resampling.BOX)).repeat(8, 0).repeat(8, 1) == 0
    edge = 24
    assert np.array_equal(before[-edge:][far[-edge:]], after[-edge:][far[-edge:]])

    page.goto(f"/images/{second.code}/")
    page.get_by_role("link", name="Change it").click()
    page.wait_for_url("**/create/")
    expect(page.locator("#editor")).to_be_visible()
    page.locator('[data-grow="right"]').focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[name=grow_right]")).to_have_value("64")
    third = make(page, 3)
    assert (third.width, third.height) == (192, 128)
    assert np.array_equal(pixels(third.file)[:, :96], after[:, :96])

    page.goto(f"/images/{third.code}/")
    expect(page.locator(".chain a")).to_have_count(2)
    page.get_by_role("button", name="Compare with its source").click()
    divide = page.get_by_role("slider", name="How much of the source is seen")
    expect(divide).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(divide).to_have_value("51")
    page.locator(".chain a").first.click()
    page.wait_for_url(f"**/images/{second.code}/")
    expect(page.get_by_role("heading", name="Made from it")).to_be_visible()

    page.goto(f"/images/{third.code}/")
    page.get_by_role("link", name="Make it larger").click()
    page.wait_for_url("**/upscale/")
    page.get_by_role("radio", name="3", exact=True).check(force=True)
    page.get_by_role("button", name=re.compile("^Make 576 × 384")).click()
    page.wait_for_url("**/create/")
    expect(page.locator(DONE)).to_have_count(4)
    fourth = GeneratedImage.objects.newest().first()
    assert fourth is not None and (fourth.width, fourth.height) == (576, 384)
    page.goto(f"/images/{fourth.code}/")
    expect(page.locator(".chain a")).to_have_count(3)
    page.get_by_role("button", name="Compare with its source").click()
    expect(page.locator(".comparison__source img")).to_be_visible()

    page.goto(f"/images/{third.code}/")
    send_in(page, "Pears", "fruit")
    assert Post.objects.get().image_id == third.pk
    page.goto("/create/?source=none")
    page.evaluate(DROP, list(files.read(third.file)))
    page.get_by_role("button", name="Read its recipe").click()
    expect(page.locator("[data-read-notice]")).to_be_visible()
    expect(page.locator("[name=grow_right]")).to_have_value("64")
    assert third.recipe.start is not None
    expect(page.locator("[name=source]")).to_have_value(
        third.recipe.start.source.sha256
    )  # which is all that a file tells
    expect(page.locator("#editor")).to_be_visible()


def test_a_brought_picture_is_started_from(site: object, alice: User, sign_in: SignIn, tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    Image.new("RGB", (128, 96), "teal").save(file)
    page = sign_in(alice)
    page.fill("[name=prompt]", "a teal square")
    page.set_input_files("#picture-to-read", file)
    page.get_by_role("button", name="Start from it").click()
    expect(page.locator("#editor")).to_be_visible()
    expect(page.locator("[name=size]:checked")).to_have_value("source")
    page.locator(SURFACE).focus()
    page.keyboard.press("m")
    stroke(page, (-0.2, -0.2), (0.2, 0.2))
    kept(page, "mask")
    page.keyboard.press("z")
    expect(page.locator("[name=mask]")).to_have_value("")
    page.keyboard.press("Shift+Z")
    kept(page, "mask")
    with drafted(page, r'name="source"\s+--'):
        page.click("[data-start-remove]")
    expect(page.locator("#editor")).to_be_hidden()
    page.reload()
    expect(page.locator("#editor")).to_be_hidden()
