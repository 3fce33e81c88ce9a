"""Signing out of a shared computer: nothing that was seen comes back, and the theme, which is the device's, stays."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from accounts.models import User
from tests.journeys.test_making import SignIn


def choose(page: Page, theme: str) -> None:
    page.locator(f"[data-theme-choice={theme}]").first.evaluate("button => button.click()")
    page.reload()


def theme_of(page: Page) -> object:
    return page.evaluate("document.documentElement.dataset.theme")


def test_the_browser_forgets_what_was_seen_and_keeps_the_theme(site: object, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice)
    page.goto("/account/")
    expect(page.locator("main p", has_text=alice.email)).to_be_visible()
    for theme, kept in (("light", "light"), ("system", None), ("dark", "dark")):
        choose(page, theme)
        assert theme_of(page) == kept
    page.evaluate("localStorage.setItem('seen', 'alice')")
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out").last.click()
    page.wait_for_url(lambda url: "logout" not in url)
    assert page.evaluate("localStorage.length") == 0 and theme_of(page) == "dark"
    for _ in range(2):
        page.go_back()
    assert alice.email not in page.content() and theme_of(page) == "dark"
