"""The gallery goes on under the scroll: the next page arrives where the last one ends, and each picture comes once."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from accounts.models import User
from gallery.views.index import POSTS_A_PAGE
from tests.gallery.conftest import Publish, finish, publish, send_in, weights

__all__ = ["finish", "publish", "send_in", "weights"]


def test_it_goes_on(site: object, alice: User, publish: Publish, new_context: Callable[..., BrowserContext]) -> None:
    for number in range(POSTS_A_PAGE + 3):
        publish(alice, f"No {number}", seed=number)
    page = new_context(viewport={"width": 1280, "height": 700}).new_page()
    page.goto("/gallery/")
    expect(page.locator(".picture-card")).to_have_count(POSTS_A_PAGE)
    page.locator("a[rel=next]").scroll_into_view_if_needed()
    expect(page.locator(".picture-card")).to_have_count(POSTS_A_PAGE + 3)
    expect(page.locator("a[rel=next]")).to_have_count(0)
    links = page.locator(".picture-card > a").evaluate_all("links => links.map(link => link.href)")
    assert len(set(links)) == POSTS_A_PAGE + 3

    plain = new_context(java_script_enabled=False).new_page()
    plain.goto("/gallery/")
    plain.click("a[rel=next]")
    expect(plain.locator(".picture-card")).to_have_count(3)
