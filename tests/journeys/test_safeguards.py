"""Safeguards as people meet them: a prompt refused by its words, a picture veiled until asked for, a rule tried."""

from __future__ import annotations

import os
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from gallery.models import Post
from generation.catalog.safeguards.versions import install_shipped
from generation.models import Job
from tests.gallery.conftest import Publish, finish, publish, send_in, weights

__all__ = ["finish", "publish", "send_in", "weights"]
BLURRED = "getComputedStyle(document.querySelector('{}')).filter.includes('blur')"
SHOTS = os.environ.get("SAFEGUARD_SHOTS", "")


def test_a_prompt_is_refused_by_its_words(site: object, alice: User, sign_in: Callable[..., Page]) -> None:
    install_shipped()
    page = sign_in(alice)
    page.fill("[name=prompt]", "a celebrity, n\u200bude")
    page.keyboard.press("Control+Enter")
    refusal = page.get_by_text("(rule “Real persons and sexual content”)")
    expect(refusal.first).to_contain_text("The prompt says “celebrity” and “nude”")
    shoot(page, "refused")
    assert not Job.objects.exists()


def test_a_picture_is_veiled_until_it_is_asked_for(
    site: object, alice: User, charlie: User, publish: Publish, sign_in: Callable[..., Page],
    new_context: Callable[..., BrowserContext],
) -> None:  # fmt: skip
    post = publish(alice, "A statue")
    publish(alice, "An apple")
    Post.objects.filter(pk=post.pk).update(rating="sensitive")
    picture = ".viewer__ground > a img"
    for options in ({}, {"java_script_enabled": False}):
        page = new_context(**options).new_page()
        page.goto("/gallery/")
        expect(page.locator(".picture-card.veiled")).to_have_count(1)
        expect(page.locator(".veiled__word")).to_have_text("Sensitive")
        shoot(page, "gallery")
        page.goto(f"/gallery/{post.code}/")
        expect(page.get_by_text("Show it")).to_be_visible()
        shoot(page, "post")
        page.locator("#unveil").focus()
        page.keyboard.press("Space")
        expect(page.get_by_text("Show it")).to_be_hidden()
        shoot(page, "post-shown")
        if not options:
            assert not page.evaluate(BLURRED.format(picture))

    page = sign_in(charlie)
    page.goto("/account/viewing/")
    shoot(page, "viewing")
    page.get_by_label("Sensitive: blur only what is explicit").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It counts everywhere")).to_be_visible()
    page.goto(f"/gallery/{post.code}/")
    assert not page.evaluate(BLURRED.format(picture))


def test_an_operator_tries_a_prompt(site: object, bob: User, sign_in: Callable[..., Page]) -> None:
    install_shipped()
    User.objects.filter(pk=bob.pk).update(is_superuser=True)
    page = sign_in(bob)
    page.goto("/admin/generation/promptrule/")
    shoot(page, "rules")
    page.get_by_text("Try a prompt").click()
    page.get_by_label("Prompt", exact=True).fill("a celebrity, n u d e")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("status").last).to_contain_text("“celebrity” and “n u d e”")
    shoot(page, "try")
    page.goto("/admin/generation/phraselist/")
    shoot(page, "lists")


def shoot(page: Page, name: str) -> None:
    """Pictures to look at, where somebody asks for them."""
    for width, height in ((1280, 900), (360, 900)):
        for scheme in ("light", "dark"):
            if SHOTS:
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=f"{SHOTS}/{name}-{scheme}-{width}.png")
