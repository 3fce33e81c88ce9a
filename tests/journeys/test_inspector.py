"""A person writes a prompt: what is wrong is shown at its place, names are completed, a picture fills the form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.models import User
from generation.imaging.encode import encode_image
from generation.models import Embedding, Wildcard

SignIn = Callable[..., Page]
PROMPT = "[name=prompt]"
DROP = """(bytes) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], "found.png", { type: "image/png" }));
  dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def page(site: object, alice: User, sign_in: SignIn) -> Page:
    return sign_in(alice)


def written(page: Page, text: str) -> None:
    """The prompt's text as it stands."""
    expect(page.locator(PROMPT)).to_have_value(text)


def test_a_misspelt_lora_is_underlined_and_put_right(page: Page) -> None:
    page.fill(PROMPT, "a 😀 <lora:fluent3d:0.6>, soft")
    expect(page.locator(".mark--bad")).to_have_text("<lora:fluent3d:0.6>")
    expect(page.locator(".problem--error")).to_contain_text("There is no LoRA “fluent3d”. Did you mean “fluent-3d”?")
    expect(page.locator("[data-inspector-status]")).to_contain_text("There is no LoRA")
    page.click("[data-suggestion=fluent-3d]")
    written(page, "a 😀 <lora:fluent-3d:0.6>, soft")
    expect(page.locator(".problem")).to_have_count(0)
    expect(page.locator(".mention")).to_contain_text("fluent-3d")
    page.keyboard.press("Control+z")
    written(page, "a 😀 <lora:fluent3d:0.6>, soft")


def test_what_would_be_refused_stands_at_its_field_while_it_is_typed(page: Page) -> None:
    steps, refused, strip = (page.locator(one) for one in ("#id_steps", "[data-refusals=steps]", ".strip-of-steps"))
    page.fill(PROMPT, "a [red:blue:0.5] apple")
    expect(strip).to_have_count(1)
    page.click("#more > summary")
    steps.fill("999")
    expect(refused).to_have_text("Steps must lie between 1 and 60.")
    expect(steps).to_have_attribute("aria-invalid", "true")
    expect(steps).to_have_value("999")
    expect(strip).to_have_count(0)
    steps.fill("10")
    expect(refused).to_be_empty()
    expect(strip).to_have_count(1)
    assert steps.get_attribute("aria-invalid") is None


def test_weights_are_painted_and_stay_at_their_words(page: Page) -> None:
    page.fill(PROMPT, "a (red:1.4) apple, [dull]")
    expect(page.locator(".mark--w-3")).to_have_text("red")
    expect(page.locator(".mark--less-1")).to_have_text("dull")
    page.locator(PROMPT).press("Home")
    page.keyboard.type("soft ")
    assert page.locator(".mark--w-3").text_content() == "red"
    field, paint = (page.locator(part).bounding_box() for part in (PROMPT, "[data-paint] >> nth=0"))
    assert field and paint and (field["x"], field["y"]) == pytest.approx((paint["x"], paint["y"]), abs=1)


def test_ctrl_and_an_arrow_weigh_the_word_or_the_tag(page: Page) -> None:
    page.fill(PROMPT, "a red apple")
    page.locator(PROMPT).evaluate("(field) => field.setSelectionRange(3, 3)")
    page.keyboard.press("Control+ArrowUp")
    written(page, "a (red:1.1) apple")
    page.keyboard.press("Control+ArrowUp")
    written(page, "a (red:1.2) apple")
    page.keyboard.press("Control+ArrowDown")
    page.keyboard.press("Control+ArrowDown")
    written(page, "a red apple")
    page.keyboard.press("Control+ArrowDown")
    written(page, "a (red:0.9) apple")
    page.fill(PROMPT, "a <lora:line-art:0.8>")
    page.locator(PROMPT).evaluate("(field) => field.setSelectionRange(9, 9)")
    page.keyboard.press("Control+ArrowUp")
    written(page, "a <lora:line-art:0.85>")


def test_names_complete_themselves(page: Page) -> None:
    Embedding.objects.create(name="EasyNegative", title="Easy Negative", family="mini", path="x", sha256="e" * 64)
    Wildcard.objects.create(name="colours", lines="red\nblue")
    page.locator(PROMPT).press_sequentially("a cat <lora:li")
    option = page.locator("#names-prompt [role=option]")
    expect(option).to_have_count(1)
    expect(page.locator(PROMPT)).to_have_attribute("aria-activedescendant", "names-prompt-0")
    page.keyboard.press("Enter")
    written(page, "a cat <lora:line-art:0.8>")
    page.keyboard.type(", __co")
    expect(option).to_have_text(["coloursList"])
    page.keyboard.press("Tab")
    written(page, "a cat <lora:line-art:0.8>, __colours__")
    page.keyboard.type(" eas")
    option.click()
    written(page, "a cat <lora:line-art:0.8>, __colours__ EasyNegative")
    page.keyboard.type(" eas")
    expect(option).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#names-prompt")).to_be_hidden()


def picture_of(prompt: str, checkpoint: str = "emoji-diffusion") -> bytes:
    parameters = f"Steps: 7, Sampler: Heun, CFG scale: 3.5, Seed: 12, Size: 128x64, Model: {checkpoint}"
    text = f"{prompt}\nNegative prompt: dull\n{parameters}"
    return encode_image(Image.new("RGB", (128, 64), "tomato"), "png", recipe_text=text)


def test_a_dropped_picture_fills_the_form_and_says_what_it_could_not(page: Page) -> None:
    page.evaluate(DROP, list(picture_of("a star <lora:line-art:0.5> <lora:gone:1>", "dreams")))
    page.get_by_role("button", name="Read its recipe").click()
    notice = page.locator("[data-read-notice]")
    expect(notice).to_contain_text("This site has no checkpoint “dreams”.")
    expect(notice).to_contain_text("This site has no LoRA “gone”.")
    written(page, "a star <lora:line-art:0.5> <lora:gone:1>")
    expect(page.locator("[name=seed]")).to_have_value("12")
    expect(page.locator("[name=sampler]")).to_have_value("Heun")
    expect(page.locator("[name=width]")).to_have_value("128")
    page.reload()
    expect(notice).to_have_count(0)
    written(page, "a star <lora:line-art:0.5> <lora:gone:1>")


def test_a_chosen_picture_without_a_recipe_is_refused(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "bare.png"
    Image.new("RGB", (8, 8)).save(file)
    page.fill(PROMPT, "a pear")
    page.set_input_files("#picture-to-read", file)
    page.get_by_role("button", name="Read its recipe").click()
    expect(page.locator(".toasts")).to_contain_text("This picture does not tell how it was made.")
    written(page, "a pear")


def test_without_scripts_a_picture_can_still_be_read(alice: User, sign_in: SignIn, site: Any, tmp_path: Path) -> None:
    file = tmp_path / "found.png"
    file.write_bytes(picture_of("a star"))
    page = sign_in(alice, java_script_enabled=False)
    page.set_input_files("#picture-without-js", file)
    page.get_by_role("button", name="Read its recipe").click()
    expect(page.locator("[data-read-notice]")).to_contain_text("filled in")
    written(page, "a star")
