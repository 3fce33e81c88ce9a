"""SVGs are traced, bounded, killable, and carry infotext that no prompt can break out of."""

from __future__ import annotations

import time
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from generation.imaging import vectorize as vectorize_module
from generation.imaging.svg_metadata import read_svg_infotext
from generation.imaging.vectorize import VectorizeRefused, vectorize

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "a\r\nb </metadata><script>alert(1)</script> ]]> &amp; &lt; <!-- 😀 \x01 \"'\nSteps: 20, Sampler: Euler"


def drawing() -> Image.Image:
    image = Image.new("RGB", (128, 96), "white")
    ImageDraw.Draw(image).ellipse((20, 20, 90, 80), fill="red")
    return image


def noise(side: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (side, side, 3), dtype=np.uint8)


def test_paths_are_traced_in_the_pictures_colours() -> None:
    root = ElementTree.fromstring(vectorize(drawing()))
    fills = {path.get("fill") for path in root.iter(f"{SVG}path")}
    assert {"#FFFFFF", "#FF0000"} <= fills
    assert not list(root.iter(f"{SVG}image"))
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("128", "96", "0 0 128 96")


def test_a_smooth_gradient_does_not_run_together() -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 256).astype(np.uint8)[None, :, None], (64, 256, 3))
    root = ElementTree.fromstring(vectorize(np.ascontiguousarray(ramp)))
    assert len(list(root.iter(f"{SVG}path"))) >= 10


def test_large_pictures_are_traced_small_and_shown_large() -> None:
    root = ElementTree.fromstring(vectorize(drawing().resize((1536, 768))))
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("1536", "768", "0 0 1024 512")


def test_infotext_is_carried_exactly_and_breaks_nothing() -> None:
    svg = vectorize(drawing(), infotext=HOSTILE)
    root = ElementTree.fromstring(svg)
    assert [child.tag for child in root if child.tag != f"{SVG}path"] == [f"{SVG}metadata"]
    assert b"<script" not in svg
    assert read_svg_infotext(svg) == HOSTILE.replace("\x01", "\ufffd")


def test_provenance_is_in_the_metadata() -> None:
    root = ElementTree.fromstring(vectorize(drawing()))
    term = root.find(f"{SVG}metadata//{{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}}DigitalSourceType")
    assert term is not None
    assert (term.text or "").endswith("/trainedAlgorithmicMedia")


def test_time_is_bounded_though_the_tracer_is_native_code() -> None:
    start = time.monotonic()
    with pytest.raises(VectorizeRefused) as refusal:
        vectorize(noise(1024), time_limit_s=0.3)
    assert refusal.value.code == "svg-too-slow"
    assert time.monotonic() - start < 10


def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectorize_module, "MAX_SVG_BYTES", 20_000)
    with pytest.raises(VectorizeRefused) as refusal:
        vectorize(noise(128))
    assert refusal.value.code == "svg-too-large"


def test_a_tracer_that_dies_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectorize_module, "_with_visible_steps", lambda image: b"no picture")
    with pytest.raises(VectorizeRefused) as refusal:
        vectorize(drawing())
    assert refusal.value.code == "svg-failed"
