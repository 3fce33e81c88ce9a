"""A LoRA goes public: its owner uploads and describes it, a moderator approves it, somebody else picks it on Create."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from accounts.models import User
from gallery.models import Release
from generation.models import Job, Lora
from tests.journeys.test_making import DONE, SignIn, press
from tests.lora_files import lora_bytes


def upload(page: Page, folder: Path) -> None:
    """From the list of LoRAs to the form that describes the new one."""
    file = folder / "Soft clay.safetensors"
    file.write_bytes(lora_bytes(3))
    page.goto("/loras/")
    page.click("main a:has-text('Upload')")
    page.set_input_files("[name=file]", file)
    expect(page.locator("[data-drop-name]")).to_contain_text("Soft clay.safetensors")
    page.click("main button:has-text('Upload')")
    page.wait_for_url("**/loras/soft-clay/edit/")


def describe(page: Page) -> None:
    page.fill("[name=trigger_words]", "soft clay")
    page.select_option("[name=licence]", label="CC BY 4.0")
    page.click("button:has-text('Save')")
    page.wait_for_url("**/loras/soft-clay/")


def test_a_lora_becomes_everybodys(
    site: object, alice: User, bob: User, charlie: User, sign_in: SignIn, tmp_path: Path
) -> None:
    maker, other = sign_in(alice), sign_in(charlie)
    upload(maker, tmp_path)
    describe(maker)
    press(maker_on_create(maker), "a yellow star <lora:soft-clay:0.9>", count=2, steps=8)
    expect(maker.locator(DONE)).to_have_count(2)
    assert other.goto("/loras/soft-clay/").status == 404  # type: ignore[union-attr]

    maker.goto("/loras/soft-clay/")
    maker.click("#release a:has-text('Publish')")
    maker.locator(".pick").nth(0).click()
    maker.locator(".pick").nth(1).click()
    maker.click("button:has-text('Send in')")
    expect(maker.locator("#release")).to_contain_text("Waiting for a moderator")
    assert Release.objects.get().samples.count() == 2

    moderator = sign_in(bob)
    moderator.goto("/admin/gallery/release/")
    expect(moderator.locator("[data-post]")).to_contain_text("Soft clay")
    moderator.wait_for_function("document.querySelector('.moderation__samples img').naturalWidth > 0")
    moderator.keyboard.press("ArrowRight")
    moderator.keyboard.press("a")
    expect(moderator.locator("[data-said]")).to_contain_text("Approved")
    assert Lora.objects.get(name="soft-clay").is_public

    other.goto("/loras/soft-clay/")
    expect(other.locator(".sample img")).to_have_count(2)
    other.goto("/create/")
    other.click("[data-opens=lora-drawer]")
    other.click("[data-lora=soft-clay]")
    expect(other.locator("[name=prompt]")).to_have_value("soft clay <lora:soft-clay:0.8>")
    press(other, "a cat <lora:soft-clay:0.8>", count=1, steps=4)
    expect(other.locator(DONE)).to_have_count(1)
    assert Job.objects.get(owner=charlie).recipe.loras[0].name == "soft-clay"


def maker_on_create(page: Page) -> Page:
    page.goto("/create/")
    return page
