"""What the main pages cost a visitor: time to the first byte, bytes, requests, and how far things move while they load.

The web server is the true one, started as the platform starts it, with nobody else on it. Times are medians; the pages
with and without pictures are asked for in turns. Layout shift is the sum of all that Chromium counts, also while the
page is scrolled to its end, which is never less than its CLS.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.benchmarks._page_people import People, settle
from tests.benchmarks._web_server import row, site, web_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

SECTIONS = ("server", "browser")
ROUNDS = 21
MOST_SHIFT = 0.05
MOST_TIMES = 1.5
MOST_BYTES = {"Create with 71 tiles": 90_000, "My pictures with 60": 70_000}
EMPTY, FULL = "Create, empty", "Create with 71 tiles"
WINDOW = (1280, 800)

PAGES = {
    "Home": ("", "/"),
    "Sign in": ("", "/accounts/login/"),
    "Gallery": ("", "/gallery/"),
    "Gallery, trending": ("", "/gallery/?sort=trending"),
    "Gallery, top": ("", "/gallery/?sort=top&period=week"),
    "Gallery, a search with a filter": ("", "/gallery/?q=lighthouse&tag=sea"),
    "Following": ("moderator", "/gallery/following/"),
    "An author": ("", "/by/busy/"),
    "A post": ("", "/gallery/{post}/"),
    "LoRAs": ("", "/loras/"),
    "Checkpoints": ("", "/checkpoints/"),
    "Status": ("", "/status/"),
    EMPTY: ("empty", "/create/"),
    FULL: ("busy", "/create/"),
    "My pictures, empty": ("empty", "/images/"),
    "My pictures with 60": ("busy", "/images/"),
    "A picture": ("busy", "/images/{image}/"),
    "Studio": ("busy", "/studio/"),
    "Lab": ("busy", "/studio/lab/"),
    "Account": ("busy", "/account/"),
    "Credits": ("busy", "/account/credits/"),
    "Admin": ("moderator", "/admin/"),
    "Moderation": ("moderator", "/admin/gallery/post/"),
}
"""A page's name -> who asks for it, and its address."""

WATCH = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
SCROLL = """async () => {
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight / 2) {
    scrollTo(0, top);
    await new Promise((done) => setTimeout(done, 100));
  }
}"""


def run(only: str | None = None) -> list[dict[str, Any]]:
    with site(STAFF_SECOND_FACTOR="off", PAGE_RATE="100000/min", PAGE_RATE_ANONYMOUS="100000/min") as folder:
        return list(measured(folder, only))


def measured(folder: Path, only: str | None) -> Iterator[dict[str, Any]]:
    import django

    django.setup()
    from django.conf import settings

    from config.platform.statics import collect_if_changed

    collect_if_changed()
    people = settle()
    with web_server(folder, settings.PORT):
        if only != "browser":
            yield from asked_for(settings.PORT, people)
        if only != "server":
            yield from looked_at(settings.PORT, people)


def asked_for(port: int, people: People) -> Iterator[dict[str, Any]]:
    times = seconds_to_first_byte(port, people)
    for name, taken in times.items():
        yield row(f"{name}: first byte", 1000 * median(taken), "ms")
    ratio = median(times[FULL]) / median(times[EMPTY])
    what = f"{FULL}: first byte over that of the empty page"
    yield row(what, ratio, "times", f"under {MOST_TIMES}", ratio < MOST_TIMES)
    for name in PAGES:
        whole, packed = (len(asked(port, people, name, encoding)[1]) for encoding in ("identity", "gzip"))
        most = MOST_BYTES.get(name)
        yield row(f"{name}: HTML", whole, "bytes", f"under {most}" if most else "", whole < most if most else None)
        yield row(f"{name}: HTML, gzip", packed, "bytes")


def seconds_to_first_byte(port: int, people: People) -> dict[str, list[float]]:
    """Of each page, in rounds over all of them; the first round, in which the site loads things, is left out."""
    times: dict[str, list[float]] = {name: [] for name in PAGES}
    for number in range(ROUNDS + 1):
        for name in PAGES:
            taken, _ = asked(port, people, name)
            if number:
                times[name].append(taken)
    return times


def asked(port: int, people: People, name: str, encoding: str = "gzip") -> tuple[float, bytes]:
    """Seconds until the head of the answer has come, and the body as it was sent."""
    who, address = PAGES[name]
    return asked_at(port, address_of(address, people), people.sessions[who] if who else "", encoding)


def asked_at(port: int, address: str, session: str = "", encoding: str = "gzip") -> tuple[float, bytes]:
    """As above, of any address; `session` is the cookie of who asks, empty for a guest."""
    headers = {"Host": "localhost", "Accept-Encoding": encoding}
    if session:
        headers["Cookie"] = f"sessionid={session}"
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.connect()
    began = time.perf_counter()
    line.request("GET", address, headers=headers)
    answer = line.getresponse()
    taken = time.perf_counter() - began
    body = answer.read()
    line.close()
    assert answer.status == 200, f"{address}: {answer.status}"
    return taken, body


def address_of(address: str, people: People) -> str:
    return address.format(image=people.image, post=people.post)


def looked_at(port: int, people: People) -> Iterator[dict[str, Any]]:
    from playwright.sync_api import sync_playwright

    from tests.journeys.conftest import CHROMIUM, FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, (who, address) in PAGES.items():
            context = seat(browser, port, people, who)
            yield from visit(name, context.new_page(), address_of(address, people))
            context.close()
        context = seat(browser, port, people, "moderator")
        yield decided(context.new_page())
        browser.close()


def seat(browser: Browser, port: int, people: People, who: str) -> BrowserContext:
    """A browser of somebody who has not been here before."""
    width, height = WINDOW
    context = browser.new_context(base_url=f"http://localhost:{port}", viewport={"width": width, "height": height})
    if who:
        context.add_cookies([{"name": "sessionid", "value": people.sessions[who], "domain": "localhost", "path": "/"}])
    context.add_init_script(WATCH)
    return context


def visit(name: str, page: Page, address: str) -> Iterator[dict[str, Any]]:
    """Requests until it is still, and the shift until it was scrolled to its end, where pages that go on have ended."""
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address, wait_until="load")
    page.wait_for_timeout(1000)
    yield row(f"{name}: requests", len([url for url in requests if url.startswith("http")]), "")
    page.evaluate(SCROLL)
    page.wait_for_function("!document.querySelector('.gallery__more')")
    page.evaluate(SCROLL)
    yield shift(name, page)


def decided(page: Page) -> dict[str, Any]:
    """The shift of the moderators' screen over three decisions by keys, whose answers come later than the keys."""
    page.goto("/admin/gallery/post/", wait_until="load")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        left = page.locator("[data-post]").count()
        page.keyboard.press("a")
        page.wait_for_function("(left) => document.querySelectorAll('[data-post]').length < left", arg=left)
        page.wait_for_timeout(600)
    return shift("Moderation, three decisions", page)


def shift(name: str, page: Page) -> dict[str, Any]:
    moved = float(page.evaluate("window.shifted"))
    return row(f"{name}: layout shift", moved, "", f"under {MOST_SHIFT}", moved < MOST_SHIFT)
