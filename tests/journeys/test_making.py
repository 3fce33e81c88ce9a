"""A person makes pictures: live previews, downloads, cancelling, other tabs, no scripts, no websocket."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from accounts.credits import wallet_of
from accounts.models import User
from generation.imaging.reading import read_picture_metadata
from generation.models import GeneratedImage, Job
from tests.conftest import PASSWORD
from tests.journeys.frames import Frames

SignIn = Callable[..., Page]
DONE = ".tile[data-state=done]"
SOURCE = b"trainedAlgorithmicMedia"


def press(page: Page, prompt: str, *, count: int = 1, steps: int = 20) -> None:
    """Fill the form and press the button."""
    page.fill("[name=prompt]", prompt)
    # In a low window the card scrolls under its own button.
    wanted = page.locator(f"[name=count][value='{count}']")
    wanted.evaluate("box => box.scrollIntoView({ block: 'center' })")
    wanted.check(force=True)
    if not page.locator("#id_steps").is_visible():
        page.click("#more > summary")
    page.fill("#id_steps", str(steps))
    page.click("[data-make]")


def test_previews_arrive_and_all_four_formats_come_down(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    frames = Frames(page)
    page.reload()
    expect(page.locator("[data-make]")).to_have_text("Make 4 4 credits", use_inner_text=False)
    press(page, "a red apple", steps=60)
    expect(page.locator(".tile")).to_have_count(1)
    page.wait_for_selector(DONE)
    assert len(frames.pictures) >= 3, f"{len(frames.received)} frames came"
    assert all(Image.open(io.BytesIO(picture)).format == "JPEG" for picture in frames.pictures)
    percents = [header["percent"] for header, _ in frames.received]
    assert percents == sorted(percents)
    assert frames.sent.count('{"ack":true}') == len(frames.received)
    expect(page.locator(".prompt-card__left [data-credits]")).to_have_text("999")

    page.click(f"{DONE} .tile__picture")
    page.click("#large >> text=Open its page")
    page.wait_for_url("**/images/*/")
    image = GeneratedImage.objects.get()
    for name, file in download_all(page).items():
        assert SOURCE in file, name
        if name == "svg":
            assert b"a red apple" in file and b"<path" in file
        else:
            assert Image.open(io.BytesIO(file)).size == (128, 128)
            assert read_picture_metadata(file).prompt == "a red apple", name
            assert read_picture_metadata(file).get("Seed") == str(image.seed)


def download_all(page: Page) -> dict[str, bytes]:
    """The four files by format. The SVG is traced when it is asked for."""
    files = {}
    for name, label in (("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WebP"), ("svg", "SVG")):
        page.evaluate("document.querySelector('.button-pair details').open = true")
        with page.expect_download() as coming:
            page.click(f".button-pair .menu__item:has-text('{label}')")
        files[name] = coming.value.path().read_bytes()
        page.keyboard.press("Escape")
    return files


def test_cancelling_gives_the_credits_back(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    press(page, "a rocket", count=5, steps=40)
    page.wait_for_selector(".tile[data-state=running]")
    last = page.locator(".tile").last
    last.hover()
    last.locator("[data-cancel]").click()
    expect(page.locator(".tile[data-state=cancelled]")).to_have_count(1)
    expect(page.locator(DONE)).to_have_count(4)
    assert wallet_of(alice).balance == 1000 - 4
    expect(page.locator(".prompt-card__left [data-credits]")).to_have_text("996")


def test_another_tab_and_a_reload_show_the_same(site: object, alice: User, sign_in: SignIn) -> None:
    desk = sign_in(alice)
    other = desk.context.new_page()
    other.goto("/create/")
    press(desk, "a blue car", count=2, steps=8)
    expect(other.locator(".tile")).to_have_count(2)
    expect(other.locator(DONE)).to_have_count(2)
    with desk.expect_response("**/create/draft/"):
        desk.fill("[name=prompt]", "half a thou")
    phone = sign_in(alice, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    assert phone.input_value("[name=prompt]") == "half a thou"
    expect(phone.locator(DONE)).to_have_count(2)
    desk.reload()
    assert desk.input_value("[name=prompt]") == "half a thou"


def test_a_refusal_stands_at_its_field_and_loses_nothing(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    press(page, "a cat <lora:line-ink:1>")
    expect(page.locator("[data-refusals=prompt]")).to_contain_text("Did you mean “line-art”?")
    assert page.input_value("[name=prompt]") == "a cat <lora:line-ink:1>"
    page.fill("[name=seed]", "seven")
    page.fill("[name=prompt]", "a cat")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-refusals=seed]")).to_contain_text("Seed must be a whole number.")
    assert not Job.objects.exists()


def test_a_misspelt_name_is_told_while_it_is_written(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    page.fill("[name=prompt]", "a 😀 <lora:fluent3d:0.6>, soft")
    expect(page.locator(".problem")).to_contain_text("There is no LoRA “fluent3d”.")
    page.click("[data-suggestion=fluent-3d]")
    assert page.input_value("[name=prompt]") == "a 😀 <lora:fluent-3d:0.6>, soft"
    expect(page.locator(".problem")).to_have_count(0)


def test_the_lora_shelf_writes_and_reads_the_prompt(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    page.fill("[name=prompt]", "a star")
    page.click("[data-opens=lora-drawer]")
    page.click("[data-lora=fluent-3d]")
    assert page.input_value("[name=prompt]") == "a star <lora:fluent-3d:0.8>"
    page.locator(".lora-row .slider").fill("1.25")
    assert page.input_value("[name=prompt]") == "a star <lora:fluent-3d:1.25>"
    page.fill("[name=prompt]", "a star <lora:fluent-3d:-0.5> <lora:line-art>")
    assert page.locator(".lora-row .slider").first.input_value() == "-0.5"
    assert page.locator(".lora-row .slider").last.input_value() == "1"
    page.locator(".lora-row [data-part=remove]").first.click()
    assert page.input_value("[name=prompt]") == "a star <lora:line-art>"


def test_it_works_without_the_live_line(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    page.route_web_socket("**/ws/jobs/", lambda socket: socket.close())
    page.reload()
    press(page, "a guitar", steps=8)
    page.wait_for_selector(DONE)


def test_it_works_without_scripts(site: object, alice: User, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", "alice")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.fill("[name=prompt]", "a house")
    page.check("[name=count][value='2']", force=True)
    page.click("[data-make]")
    expect(page.locator(".tile")).to_have_count(2)
    for _ in range(120):
        if page.locator(DONE).count() == 2:
            break
        page.wait_for_timeout(250)
        page.reload()
    page.goto("/images/")
    page.locator("[name=picked]").first.check(force=True)
    page.click(".picked-bar button:has-text('Delete')")
    expect(page.locator(DONE)).to_have_count(1)
    page.click("text=Undo")
    expect(page.locator(DONE)).to_have_count(2)


def test_deleting_has_a_way_back(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    press(page, "a heart", count=2, steps=4)
    expect(page.locator(DONE)).to_have_count(2)
    page.goto("/images/")
    for box in page.locator("[name=picked]").all():
        box.check(force=True)
    page.click(".picked-bar button:has-text('Delete')")
    expect(page.locator(DONE)).to_have_count(0)
    assert not GeneratedImage.objects.kept().exists()
    page.click(".toast button")
    expect(page.locator(DONE)).to_have_count(2)
    assert GeneratedImage.objects.kept().count() == 2


def test_arrow_keys_turn_through_ones_own_pictures(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    press(page, "a tree", count=2, steps=4)
    expect(page.locator(DONE)).to_have_count(2)
    newest, older = GeneratedImage.objects.newest()
    page.goto(f"/images/{newest.code}/")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/images/{older.code}/")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/images/{newest.code}/")


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_a_phone_can_do_it_all(site: object, alice: User, sign_in: SignIn, scheme: str) -> None:
    page = sign_in(alice, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, color_scheme=scheme)
    page.tap("[data-example='a rocket']")
    page.tap("[data-make]")
    expect(page.locator(DONE)).to_have_count(4)
    wide = "document.documentElement.scrollWidth > innerWidth"
    for address in ("/create/", "/images/", "/loras/", "/loras/fluent-3d/", "/status/"):
        page.goto(address)
        assert not page.evaluate(wide), f"{address} is wider than the phone"
