"""The gallery goes on under the scroll: the next page arrives where the last one ends, and each picture comes once."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from accounts.models import User
from gallery.views.index import POSTS_A_PAGE
from tests.benchmarks.pages import MOST_SHIFT, SCROLL, WATCH
from tests.gallery.conftest import Publish, finish, publish, send_in, weights

__all__ = ["finish", "publish", "send_in", "weights"]


def test_it_goes_on(site: object, alice: User, publish: Publish, new_context: Callable[..., BrowserContext]) -> None:
    for number in range(POSTS_A_PAGE + 3):
        publish(alice, f"No {number}", seed=number)
    page = new_context(viewport={"width": 1280, "height": 700}).new_page()
    page.add_init_script(WATCH)
    page.goto("/gallery/")
    expect(page.locator(".picture-card")).to_have_count(POSTS_A_PAGE)
    page.evaluate(SCROLL)
    expect(page.locator(".picture-card")).to_have_count(POSTS_A_PAGE + 3)
    expect(page.locator("a[rel=next]")).to_have_count(0)
    links = page.locator(".picture-card > a").evaluate_all("links => links.map(link => link.href)")
    assert len(set(links)) == POSTS_A_PAGE + 3
    page.get_by_role("link", name="Transparency").scroll_into_view_if_needed()
    assert page.evaluate("window.shifted") < MOST_SHIFT

    plain = new_context(java_script_enabled=False).new_page()
    plain.goto("/gallery/")
    plain.click("a[rel=next]")
    expect(plain.locator(".picture-card")).to_have_count(3)


NAMES_WHAT_IS_IN_VIEW = """() => {
  const bar = document.querySelector(".bar").getBoundingClientRect().bottom;
  const cards = [...document.querySelectorAll(".picture-card[id]")];
  const middle = (box) => (box.top + box.bottom) / 2;
  const { id } = cards.find((card) => middle(card.getBoundingClientRect()) > bar);
  return location.search.includes("before=") && location.hash === `#${id}` && id;
}"""
TOPS = "() => Math.round(document.querySelector(location.hash).getBoundingClientRect().top)"


def test_it_keeps_its_place(
    site: object, alice: User, publish: Publish, new_context: Callable[..., BrowserContext]
) -> None:
    """The address follows the scroll: reloading, coming back from a picture, and sending the address end there."""
    for number in range(2 * POSTS_A_PAGE + 3):
        publish(alice, f"No {number}", seed=number)
    context = new_context(viewport={"width": 900, "height": 700})
    page = context.new_page()
    page.goto("/gallery/?sort=trending")
    assert "#" not in page.url
    for count in (2 * POSTS_A_PAGE, 2 * POSTS_A_PAGE + 3):
        page.locator("a[rel=next]").scroll_into_view_if_needed()
        expect(page.locator(".picture-card")).to_have_count(count)
    page.locator(".picture-card").nth(POSTS_A_PAGE + 20).scroll_into_view_if_needed()
    seen = page.wait_for_function(NAMES_WHAT_IS_IN_VIEW).json_value()
    assert page.url.endswith(f"#{seen}") and "sort=trending" in page.url

    page.reload()
    expect(page.locator(f"#{seen}")).to_be_in_viewport()
    assert 0 <= page.evaluate(TOPS) < 200
    page.locator(f"#{seen} > a").click()
    page.wait_for_url(f"**/gallery/{seen[2:]}/")
    page.go_back()
    expect(page.locator(f"#{seen}")).to_be_in_viewport()

    plain = new_context(java_script_enabled=False, viewport={"width": 900, "height": 700}).new_page()
    plain.goto(page.url)
    expect(plain.locator(f"#{seen}")).to_be_in_viewport()
    plain.click("text=Back to the first page")
    expect(plain.locator(".picture-card")).to_have_count(POSTS_A_PAGE)
