"""Anybody asks whether a picture was made here: an intact one, a tampered one, a stripped one, and a stranger's."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from gallery.models import Post
from generation.models import Fingerprint
from generation.storage.files import write
from generation.storage.fingerprints import keep_fingerprint
from generation.storage.marks import marked
from tests.gallery.conftest import Publish, finish, publish, send_in, weights
from tests.generation.imaging.test_watermark import photo
from tests.journeys.site import Site

__all__ = ["finish", "publish", "send_in", "weights"]


def drawn_here(post: Post) -> bytes:
    """The post's picture as the worker keeps one of 512 px, with every mark."""
    image = post.image
    assert image is not None
    picture = marked(photo(1))
    data = picture.png("a red apple")
    image.file, image.sha256 = write(f"images/{image.code}-512.png", data), hashlib.sha256(data).hexdigest()
    image.save(update_fields=["file", "sha256"])
    Fingerprint.objects.filter(image=image).delete()
    Post.objects.filter(pk=post.pk).update(fingerprint=keep_fingerprint(picture.fingerprint, image))
    return data


def stripped(data: bytes) -> bytes:
    file = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.convert("RGB").save(file, "JPEG", quality=80)
    return file.getvalue()


def ask(page: Page, folder: Path, data: bytes) -> None:
    file = folder / "picture"
    file.write_bytes(data)
    page.set_input_files("[name=picture]", file)
    page.get_by_role("button", name="Verify").click()


def test_pictures_are_told_apart(
    site: Site, alice: User, publish: Publish, new_context: Callable[..., BrowserContext], settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = site.folder
    post = publish(alice, "Hills")
    ours = drawn_here(post)
    page = new_context().new_page()
    page.goto("/")
    page.get_by_role("contentinfo").get_by_role("link", name="Verify a picture").click()
    for data, headline, marks in (
        (ours, "as it was", "unchanged since. It carries the number. The very file"),
        (ours + b"x", "changed afterwards", "Changed after. It carries the number"),
        (stripped(ours), "says its watermark", "None. It says nothing. It carries the number. Looks the same"),
        (stripped(png(photo(7))), "Nothing here says", "None. No picture made here"),
    ):
        ask(page, tmp_path, data)
        expect(page.locator(".verify .notice")).to_contain_text(headline)
        for words in marks.split(". "):
            expect(page.locator(".verify__marks")).to_contain_text(words)
    page.goto(f"/gallery/{post.code}/")
    page.get_by_role("link", name="Verify its marks").click()
    page.get_by_role("button", name="Verify").click()
    expect(page.locator(".verify .notice")).to_contain_text("as it was")
    page.get_by_role("link", name="In the gallery").click()
    expect(page.locator("h1")).to_have_text("Hills")


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
