"""Browsers on a real site. A page that breaks the content policy or throws an error fails its test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from accounts.models import Plan, User
from generation.catalog.importing import import_folder
from tests.conftest import PASSWORD
from tests.journeys.site import Site, started

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE_MS = 60_000
"""How long a page may take to show something; a busy machine is slow, and no test is about speed."""
expect.set_options(timeout=PATIENCE_MS)
DRAWING_PATIENCE_MS = 300_000
"""The same for several pictures: their steps take as many times longer as the other tests take of the processor."""

NewContext = Callable[..., BrowserContext]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture
def quick_passwords() -> None:
    """The site is another process with its own hashers, so these journeys use the real ones."""


@pytest.fixture(scope="package")
def running_site(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with started(django_db_blocker.unblock(), tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(transactional_db: None, running_site: Site, settings: Any) -> Site:
    """The running site with the bundled catalog; the database is this test's own."""
    settings.MEDIA_ROOT = running_site.folder / "media"
    settings.WEIGHTS_DIRS = [running_site.folder / "weights", *settings.WEIGHTS_DIRS[1:]]
    list(import_folder(settings.WEIGHTS_DIRS[-1]))
    Plan.default()
    Plan.objects.update(max_steps=60)
    return running_site


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Not for the session: Playwright keeps an event loop running in the thread, and no other test could start one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_context(chromium: Browser, site: Site) -> Iterator[NewContext]:
    """Make browser contexts (a person's device each); what went wrong on any of their pages fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def make(**options: Any) -> BrowserContext:
        context = chromium.new_context(base_url=site.address, accept_downloads=True, **options)
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def sign_in(new_context: NewContext) -> Callable[..., Page]:
    """A page of somebody who signed in through the form."""

    def enter(user: User, **options: Any) -> Page:
        page = new_context(**options).new_page()
        page.goto("/accounts/login/")
        page.fill("[name=login]", user.username)
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url("**/create/")
        return page

    return enter
