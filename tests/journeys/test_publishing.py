"""A picture goes public: its maker sends it in, a moderator approves it in the admin, a visitor sees it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from gallery.models import Decision, Post
from tests.benchmarks.pages import WATCH
from tests.journeys.test_making import DONE, SignIn, press

CARDS = "[data-post]"


def draw(page: Page, prompt: str, steps: int) -> None:
    """From the Create page to the page of the finished picture."""
    press(page, prompt, steps=steps)
    page.wait_for_selector(DONE)
    page.click(f"{DONE} .tile__picture")
    page.click("#large >> text=Open its page")
    page.wait_for_url("**/images/*/")


def send_in(page: Page, title: str, tags: str = "") -> None:
    """From the page of a picture to its post."""
    page.click("text=Publish")
    page.fill("[name=title]", title)
    page.fill("[name=tags]", tags)
    page.click("button:has-text('Send in')")
    expect(page.locator("#publication")).to_contain_text("Waiting for a moderator")


def test_a_picture_becomes_public(
    site: object, alice: User, bob: User, sign_in: SignIn, new_context: Callable[..., BrowserContext]
) -> None:
    maker, visitor = sign_in(alice), new_context().new_page()
    draw(maker, "a red apple", steps=8)
    send_in(maker, "An apple a day", "Fruit, red")
    post = Post.objects.get()
    visitor.goto("/gallery/")
    expect(visitor.locator(".picture-card")).to_have_count(0)

    moderator = sign_in(bob)
    moderator.goto("/admin/gallery/post/")
    expect(moderator.locator(CARDS)).to_contain_text("An apple a day")
    moderator.keyboard.press("ArrowRight")
    moderator.keyboard.press("a")
    expect(moderator.locator("[data-status]")).to_contain_text("Approved")
    expect(moderator.locator(CARDS)).to_have_count(0)

    visitor.reload()
    visitor.click(".picture-card a")
    visitor.wait_for_url(f"**/gallery/{post.code}/")
    expect(visitor.locator("h1")).to_have_text("An apple a day")
    assert visitor.evaluate("document.querySelector('.viewer__ground img').naturalWidth") == 128
    visitor.click("text=Remix")
    visitor.wait_for_url(re.compile("/accounts/login/"))
    maker.reload()
    expect(maker.locator("#publication")).to_contain_text("In the gallery")


def test_a_no_comes_with_its_reason(site: object, alice: User, bob: User, sign_in: SignIn) -> None:
    maker = sign_in(alice)
    draw(maker, "a heart", steps=4)
    send_in(maker, "Heart")
    moderator = sign_in(bob)
    moderator.goto("/admin/gallery/post/")
    moderator.keyboard.press("ArrowRight")
    moderator.keyboard.press("r")
    moderator.keyboard.type("Draw it with more steps.")
    moderator.keyboard.press("Enter")
    expect(moderator.locator(CARDS)).to_have_count(0)
    newest = Decision.objects.first()
    assert newest is not None and newest.reason == "Draw it with more steps."
    maker.reload()
    expect(maker.locator("#publication")).to_contain_text("Draw it with more steps.")


def test_a_moderator_thinks_again(site: object, alice: User, bob: User, sign_in: SignIn) -> None:
    """A decision leaves all cards where they are, every count follows, and U takes it back."""
    maker = sign_in(alice)
    draw(maker, "a star", steps=4)
    send_in(maker, "Star")
    moderator = sign_in(bob)
    moderator.add_init_script(WATCH)
    moderator.goto("/admin/gallery/post/")
    counts = {state: moderator.locator(f"[data-count={state}]") for state in ("pending", "approved")}
    moderator.keyboard.press("ArrowRight")
    moderator.keyboard.press("a")
    expect(moderator.locator("[data-status]")).to_contain_text("Approved")
    expect(counts["pending"]).to_have_text("0")
    expect(counts["approved"]).to_have_text("1")
    toast = moderator.locator(".moderation__toast").bounding_box()
    undo = moderator.locator("[data-undo]").bounding_box()
    assert toast is not None and undo is not None and undo["height"] >= 24
    assert toast["y"] + toast["height"] <= moderator.evaluate("innerHeight") - 64
    moderator.keyboard.press("u")
    expect(moderator.locator("[data-status]")).to_contain_text("Undone")
    expect(moderator.locator(CARDS)).to_have_count(1)
    expect(counts["pending"]).to_have_text("1")
    expect(counts["approved"]).to_have_text("0")
    assert moderator.evaluate("window.shifted") < 0.05
    assert Post.objects.get().state == "pending"
