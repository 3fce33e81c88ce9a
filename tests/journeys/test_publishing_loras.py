"""A LoRA goes public: its owner uploads and describes it, a moderator approves it, somebody else picks it on Create."""

from __future__ import annotations

from pathlib import Path

import pytest
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


def describe(page: Page, name: str, trigger: str) -> None:
    page.fill("[name=trigger_words]", trigger)
    page.select_option("[name=licence]", label="CC BY 4.0")
    page.click("button:has-text('Save')")
    page.wait_for_url(f"**/loras/{name}/")


def send_in(page: Page, name: str, samples: int) -> None:
    """Ask for a release with the newest pictures made with the LoRA."""
    page.goto(f"/loras/{name}/")
    page.click("#release a:has-text('Publish')")
    for number in range(samples):
        page.locator(".pick").nth(number).click()
    page.click("button:has-text('Send in')")
    expect(page.locator("#release")).to_contain_text("Waiting for a moderator")
    assert Release.objects.get().samples.count() == samples


def approve(page: Page, title: str) -> None:
    """By the moderator's keys, once the samples are seen."""
    page.goto("/admin/gallery/release/")
    expect(page.locator("[data-post]")).to_contain_text(title)
    page.wait_for_function("document.querySelector('.moderation__samples img').naturalWidth > 0")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("a")
    expect(page.locator("[data-status]")).to_contain_text("Approved")


def pick_on_create(page: Page, name: str, prompt: str) -> None:
    """Take it from the shelf on Create, which fills the prompt."""
    page.goto("/create/")
    page.click("[data-opens=lora-drawer]")
    page.click(f"[data-lora={name}]")
    expect(page.locator("[name=prompt]")).to_have_value(prompt)


@pytest.mark.slow
def test_a_lora_becomes_everybodys(
    site: object, alice: User, bob: User, charlie: User, sign_in: SignIn, tmp_path: Path
) -> None:
    maker, other = sign_in(alice), sign_in(charlie)
    upload(maker, tmp_path)
    describe(maker, "soft-clay", "soft clay")
    press(maker_on_create(maker), "a yellow star <lora:soft-clay:0.9>", count=2, steps=8)
    expect(maker.locator(DONE)).to_have_count(2)
    assert other.goto("/loras/soft-clay/").status == 404  # type: ignore[union-attr]

    send_in(maker, "soft-clay", samples=2)
    approve(sign_in(bob), "Soft clay")
    assert Lora.objects.get(name="soft-clay").is_public

    other.goto("/loras/soft-clay/")
    expect(other.locator(".sample img")).to_have_count(2)
    pick_on_create(other, "soft-clay", "soft clay <lora:soft-clay:0.8>")
    press(other, "a cat <lora:soft-clay:0.8>", count=1, steps=4)
    expect(other.locator(DONE)).to_have_count(1)
    assert Job.objects.get(owner=charlie).recipe.loras[0].name == "soft-clay"


def maker_on_create(page: Page) -> Page:
    page.goto("/create/")
    return page
