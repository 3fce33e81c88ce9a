"""A picture among people: it is sent in, approved, found, liked, commented on, followed and remixed."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from tests.journeys.test_making import DONE, SignIn, press
from tests.journeys.test_publishing import draw, send_in

DESK = "/admin/gallery/claim/"


def approve_at_the_desk(desk: Page, title: str) -> None:
    """By keys: the first case of the queue is opened, taken in hand and approved."""
    desk.goto(DESK)
    desk.keyboard.press("j")
    expect(desk.locator("[data-case]:focus")).to_contain_text(title)
    desk.keyboard.press("Enter")
    expect(desk.locator(".desk__about h2")).to_contain_text(title)
    desk.wait_for_load_state()  # its keys are heard from then on
    desk.keyboard.press("c")
    expect(desk.get_by_text("You have it in hand")).to_be_visible()
    desk.keyboard.press("a")
    expect(desk.get_by_text(f"Approve: {title}")).to_be_visible()
    expect(desk.get_by_text("Nothing here waits for you")).to_be_visible()


def approve_ticked(desk: Page, title: str) -> None:
    """As many are decided at once: ticked, then one choice for all."""
    desk.goto(DESK)
    desk.keyboard.press("j")
    desk.keyboard.press("x")
    desk.get_by_label("With what is ticked").select_option("approve")
    desk.get_by_role("button", name="Do it").click()
    expect(desk.get_by_text("Approve: 1 case.")).to_be_visible()
    expect(desk.get_by_text(title)).to_have_count(0)


def find(page: Page, words: str, tag: str) -> None:
    """From the gallery to the page of the one picture that has these words and this tag."""
    page.goto("/gallery/")
    page.get_by_label("Search the gallery").fill(words)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/gallery/?q={words}")
    page.get_by_role("navigation", name="Filters").get_by_role("link", name=tag, exact=True).click()
    page.wait_for_url(f"**tag={tag}**")
    expect(page.locator(".picture-card")).to_have_count(1)
    page.get_by_role("navigation", name="Order").get_by_role("link", name="Top").click()
    page.wait_for_url("**sort=top**")
    page.click(".picture-card a")


def test_a_picture_goes_round(
    site: object, alice: User, bob: User, charlie: User, sign_in: SignIn, new_context: Callable[..., BrowserContext]
) -> None:
    maker = sign_in(alice)
    draw(maker, "a red apple", steps=4)
    send_in(maker, "An apple a day", "Fruit, red")
    desk = sign_in(bob)
    approve_at_the_desk(desk, "An apple a day")

    other = sign_in(charlie)
    find(other, "apple", "fruit")
    expect(other.locator("h1")).to_have_text("An apple a day")
    address = other.url
    other.get_by_role("button", name="Like").click()
    expect(other.get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")
    expect(other.locator(".like__count")).to_have_text("1")
    other.get_by_label("Your comment").fill("It <b>shines</b>.")
    other.get_by_role("button", name="Comment").click()
    expect(other.locator(".comment__words")).to_have_text("It <b>shines</b>.")
    other.locator(".viewer__panel").get_by_role("link", name="alice").first.click()
    other.get_by_role("button", name="Follow").click()
    expect(other.get_by_role("button", name="Following")).to_be_visible()
    expect(other.locator("#follow")).to_contain_text("1 follower")
    other.goto("/gallery/")
    other.get_by_role("navigation", name="Order").get_by_role("link", name="Following").click()
    expect(other.locator(".picture-card")).to_have_count(1)

    maker.goto("/create/")
    maker.locator(".bar").get_by_text("4new notifications").click()
    for sentence in ("charlie likes", "charlie commented on", "charlie follows you", "In the gallery"):
        expect(maker.locator("main")).to_contain_text(sentence)
    maker.reload()
    expect(maker.locator(".bar").get_by_text("new notification")).to_have_count(0)

    other.goto(address)
    other.get_by_role("link", name="Remix").click()
    other.wait_for_url("**/create/**")
    assert other.input_value("[name=prompt]") == "a red apple"
    assert other.input_value("#id_steps") == "4"
    press(other, "a red apple with a leaf", steps=4)
    other.wait_for_selector(DONE)
    other.click(f"{DONE} .tile__picture")
    other.click("#large >> text=Open its page")
    other.wait_for_url("**/images/*/")
    send_in(other, "With a leaf")
    approve_ticked(desk, "With a leaf")

    visitor = new_context().new_page()
    visitor.goto(address)
    expect(visitor.locator(".comment__words")).to_have_text("It <b>shines</b>.")
    visitor.get_by_role("link", name="1 remix").click()
    visitor.locator(".picture-card a").click()
    expect(visitor.locator("h1")).to_have_text("With a leaf")
    expect(visitor.locator(".lineage")).to_contain_text("An apple a day by alice")
    visitor.locator(".lineage").get_by_role("link", name="An apple a day").click()
    expect(visitor).to_have_url(re.compile(re.escape(address)))
