"""What a stroke in the editor costs a frame: from the pointer's move to pixels, on a picture of 2048 px, in Chromium.

The editor alone is shown, without a site behind it. A frame's cost is what the page's thread takes for the moves that
came and for drawing; waiting for the screen's next turn is none of it.
"""

from __future__ import annotations

import math
import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.architecture.sources import ROOT
from tests.benchmarks._web_server import row

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

SIDE = 2048
MOST_MS = 16
MOVES = 240
BRUSHES = {"a usual brush": 48, "the largest brush": 200}
ADDRESS = "http://editor.test/"
PAGE = """<!DOCTYPE html><html lang="en" class="js"><head><title>Editor</title>
<link rel="stylesheet" href="/static/css/site.css"></head><body><main>{editor}</main>
<script type="module">
import {{ editorIn }} from "/static/js/editor/editor.js";
const image = Object.assign(document.createElement("canvas"), {{ width: {side}, height: {side} }});
const context = image.getContext("2d");
const colours = context.createLinearGradient(0, 0, {side}, {side});
for (const [at, colour] of ["#234", "#a75", "#fd8", "#467"].entries()) colours.addColorStop(at / 3, colour);
context.fillStyle = colours;
context.fillRect(0, 0, {side}, {side});
const root = document.getElementById("editor");
root.hidden = false;
window.editor = editorIn(root, {{ changed() {{}}, grown() {{}} }});
window.editor.open({{ code: "", image, width: {side}, height: {side} }}, null, [0, 0, 0, 0]);
document.body.dataset.ready = "yes";
</script></body></html>"""
WATCH = """
window.frames_ms = [];
let moves = 0;
let began = 0;
let hasFrame = false;
addEventListener("pointermove", () => {
  began = performance.now();
  if (hasFrame) return;
  hasFrame = true;
  requestAnimationFrame(() => {
    const from = performance.now();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      window.frames_ms.push(moves + performance.now() - from);
      moves = 0;
      hasFrame = false;
    };
    port2.postMessage(0);
  });
}, true);
addEventListener("pointermove", () => { moves += performance.now() - began; });
"""
"""Asks for a frame before the editor does, so that it begins first; what is posted then comes after the frame."""


def editor() -> list[dict[str, Any]]:
    return list(measured())


def measured() -> Iterator[dict[str, Any]]:
    os.environ["STATIC_SOURCES"] = "on"
    import django
    from playwright.sync_api import sync_playwright

    django.setup()
    from tests.journeys.conftest import CHROMIUM, FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        show(page, SIDE)
        for name, size in BRUSHES.items():
            taken = stroke(page, size)
            what = f"a stroke with {name} on {SIDE} px: a frame"
            yield row(what, median(taken), "ms", f"under {MOST_MS}", median(taken) < MOST_MS)
            yield row(f"{what}, 95th of 100", sorted(taken)[int(0.95 * len(taken))], "ms")
        browser.close()


def show(page: Page, side: int) -> None:
    """The editor on a page of its own, with a picture of so many pixels a side."""
    from django.template.loader import render_to_string

    html = PAGE.format(editor=render_to_string("generation/editor.html", {}), side=side)

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        if not path:
            return route.fulfill(body=html, content_type="text/html")
        file: Path = ROOT / path.partition("?")[0]
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return route.fulfill(body=file.read_bytes(), content_type=kind) if file.is_file() else route.abort()

    page.add_init_script(WATCH)
    page.route(f"{ADDRESS}**", answer)
    page.goto(ADDRESS)
    page.wait_for_selector("body[data-ready]")


def stroke(page: Page, size: int) -> list[float]:
    """Milliseconds of each frame while a spiral is painted over the picture."""
    page.evaluate(
        "(size) => { document.querySelector('[data-size]').value = size; window.frames_ms.length = 0; }", size
    )
    box = page.locator("[data-ground]").bounding_box()
    assert box is not None
    reach = min(box["width"], box["height"]) / 2 - 60
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    for n in range(MOVES):
        turn, out = 8 * math.pi * n / MOVES, reach * n / MOVES
        page.mouse.move(middle[0] + out * math.cos(turn), middle[1] + out * math.sin(turn))
    page.mouse.up()
    return list(page.evaluate("window.frames_ms.splice(0)"))
