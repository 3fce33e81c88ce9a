"""Pages as people see them: a screenshot of each, and what a machine can tell of it.

Tested is that no page is wider than its window, that none shows a broken picture, and that axe finds nothing serious.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.architecture.sources import ROOT
from tests.conftest import PASSWORD

FOLDER = ROOT / "screenshots"
WINDOWS = {"1280": {"width": 1280, "height": 800}, "360": {"width": 360, "height": 1200}}
LOOKED_THROUGH = ("light-1280", "dark-360")
"""Where axe looks: each theme and each width once."""
AXE = Path(sys.prefix) / "front/node_modules/axe-core/axe.min.js"
SERIOUS = """async () => {
  const { violations } = await axe.run(document, { preload: false, resultTypes: ["violations"] });
  return violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} (${node.any[0]?.message})`).join("; ")}`);
}"""
BROKEN = "[...document.images].filter((one) => one.src && one.complete && !one.naturalWidth).map((one) => one.src)"

NewContext = Callable[..., BrowserContext]
Seats = tuple[tuple[Mapping[str, str], Any], ...]
"""Pages by their name, and the storage of who looks at them (None for a visitor)."""


def sign_in(page: Page, username: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/create/")


def look_at_all(new_context: NewContext, seats: Seats, named: Mapping[str, str]) -> None:
    """Every page, light and wide, dark and narrow; with LOOKS=all in both themes and widths, for who looks at them.

    `named` is what addresses name. Fails with all that is wrong.
    """
    wrong: list[str] = []
    for look in itertools.product(("light", "dark"), WINDOWS):
        if "-".join(look) not in LOOKED_THROUGH and os.environ.get("LOOKS") != "all":
            continue
        scheme, width = look
        small = {"has_touch": True, "is_mobile": True} if width == "360" else {}
        for pages, state in seats:
            seat = new_context(viewport=WINDOWS[width], color_scheme=scheme, storage_state=state, **small).new_page()
            for name, address in pages.items():
                wrong += shoot(seat, f"{name}-{scheme}-{width}", address.format(**named))
    assert wrong == []


def shoot(page: Page, name: str, address: str) -> list[str]:
    """What is wrong with the page."""
    answer = page.goto(address)
    assert answer and answer.status == (404 if name.startswith("not-found") else 200), f"{name}: {address}"
    return picture(page, name)


def picture(page: Page, name: str) -> list[str]:
    """The screenshot of a page as it stands, and what is wrong with it."""
    FOLDER.mkdir(exist_ok=True)
    page.wait_for_load_state("networkidle")
    # A phone's page is taken as its window shows it: a full page would lose the touch screen while it is taken.
    whole = name.endswith("-1280") and not name.startswith("create")
    page.screenshot(path=FOLDER / f"{name}.png", full_page=whole)
    wrong = [f"{name}: broken {address}" for address in page.evaluate(BROKEN)]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append(f"{name}: wider than its window")
    if name.endswith(LOOKED_THROUGH):
        page.evaluate(axe())
        wrong += [f"{name}: {sentence}" for sentence in page.evaluate(SERIOUS)]
    return wrong


@cache
def axe() -> str:
    return AXE.read_text()
