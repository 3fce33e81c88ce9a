"""Pictures on a host of their own: the way there, whom a key names and for how long, and that no cookie counts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from config.media_host import PICTURES, ROUND_SECONDS, key_of
from gallery.publishing import withdraw_post
from generation.models import GeneratedImage
from tests.architecture.access_table import TABLE
from tests.architecture.access_things import things_of
from tests.architecture.test_access import OURS
from tests.architecture.test_settings import PUBLIC, settings_with
from tests.conftest import PASSWORD
from tests.gallery.conftest import Finish, Publish, finish, publish, send_in, weights
from tests.platform.test_checks import PUBLIC_ADDRESS, ids, own_folder

__all__ = ["finish", "own_folder", "publish", "send_in", "weights"]

MEDIA = "pictures.example.net"


@pytest.fixture(autouse=True)
def media_host(settings: Any) -> None:
    settings.MEDIA_ORIGIN = f"http://{MEDIA}"
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, MEDIA]


@pytest.fixture
def image(finish: Finish, alice: User) -> GeneratedImage:
    return finish(alice)


def there(address: str, **headers: str) -> Any:
    """What a browser without cookies gets from the pictures' host."""
    return Client().get(address.removeprefix(f"http://{MEDIA}"), headers={"host": MEDIA, **headers})


def test_it_works(alices: Client, image: GeneratedImage) -> None:
    led = alices.get(f"/images/{image.code}/thumbnail")
    assert led.status_code == 302 and led["Location"].startswith(f"http://{MEDIA}/images/{image.code}/thumbnail?key=")
    assert led["Cache-Control"] == f"private, max-age={ROUND_SECONDS}" and "Cookie" in led["Vary"]
    shown = there(led["Location"])
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/webp")
    assert shown["Cache-Control"] == "private, no-store"
    assert shown["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert not shown.cookies and "Cookie" not in shown.get("Vary", "")


def test_the_key_is_for_one_address_and_some_minutes(
    alice: User, charlie: User, image: GeneratedImage, finish: Finish
) -> None:
    path, other = (reverse("image-thumbnail", args=[code]) for code in (image.code, finish(alice).code))
    key = key_of(alice, path)
    assert there(f"{path}?key={key}").status_code == 200
    assert there(f"{other}?key={key}").status_code == 404
    assert there(f"{path}?key={key[:-1]}").status_code == 404
    assert there(path).status_code == 404
    assert there(f"{path}?key={key_of(charlie, path)}").status_code == 404
    assert there(f"{path}?key={key_of(alice, path, time.time() - 2 * ROUND_SECONDS)}").status_code == 404


def test_the_key_ends_with_password_and_account(alice: User, image: GeneratedImage) -> None:
    path = reverse("image-file", args=[image.code])
    key = key_of(alice, path)
    alice.set_password(f"{PASSWORD} anew")
    alice.save()
    assert there(f"{path}?key={key}").status_code == 404
    key = key_of(alice, path)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert there(f"{path}?key={key}").status_code == 404


def test_a_session_counts_for_nothing_there(alices: Client, image: GeneratedImage) -> None:
    answer = alices.get(f"/images/{image.code}/file", headers={"host": MEDIA})
    assert answer.status_code == 404 and not answer.cookies


@pytest.mark.parametrize("path", ["/", "/create/", "/accounts/login/", "/admin/", "/api/v1/me", "/healthz", "/nowhere"])
def test_there_is_nothing_but_pictures(client: Client, path: str) -> None:
    assert client.get(path, headers={"host": MEDIA}).status_code == 404
    assert client.post(path, headers={"host": MEDIA}).status_code == 404


def test_a_public_picture_needs_no_key_and_is_gone_at_once(
    client: Client, alice: User, alices: Client, publish: Publish
) -> None:
    post = publish(alice)
    address = f"http://{MEDIA}/gallery/{post.code}/thumbnail"
    assert address in client.get("/gallery/").text
    assert there(address).headers["Cache-Control"].startswith("public")
    led = alices.get(f"/gallery/{post.code}/picture")["Location"]
    withdraw_post(alice, post)
    assert there(address).status_code == 404
    own = there(led)
    assert (own.status_code, own["Cache-Control"]) == (200, "private, no-store")


def test_the_policy_of_pages_follows(tmp_path: Path) -> None:
    seen = settings_with(DATA_DIR=str(tmp_path), **PUBLIC, MEDIA_URL=f"https://{MEDIA}")
    assert f"'https://{MEDIA}'" in str(seen["CONTENT_SECURITY_POLICY"])
    assert seen["ALLOWED_HOSTS"][-1] == MEDIA


def test_every_address_that_shows_a_picture_is_known(settings: Any, alice: User, alices: Client) -> None:
    """A new one is named in `PICTURES`, or it is shown from the site's own host for ever."""
    settings.MEDIA_ORIGIN = ""
    things, showing = things_of(alice), set()
    for route in OURS:
        path = "/" + (TABLE[route].path or route).format(**things)
        if "GET" not in TABLE[route].methods or path.startswith("/accounts/"):
            continue
        answer = alices.get(path)
        inline = not answer.headers.get("Content-Disposition", "").startswith("attachment")
        if answer.headers.get("Content-Type", "").startswith("image/") and inline:
            assert answer.resolver_match is not None
            showing.add(answer.resolver_match.url_name)
    assert showing == PICTURES - {"job-preview"}


def test_checks(settings: Any) -> None:
    assert ids(settings) == []
    assert ids(settings, **PUBLIC_ADDRESS) == ["tempera.E011"]
    assert ids(settings, **PUBLIC_ADDRESS, MEDIA_ORIGIN=f"https://{MEDIA}") == []
    assert ids(settings, **PUBLIC_ADDRESS, HOST=MEDIA, MEDIA_ORIGIN=f"https://{MEDIA}:8443") == ["tempera.E010"]
