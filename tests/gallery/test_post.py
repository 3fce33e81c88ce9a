"""The page of one post, its files, and its remix."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from generation.models import Checkpoint, Lora
from generation.recipes.picture import LoraPick
from tests.gallery.conftest import INK, Publish


def test_it_works(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice, "An <b>apple</b>", tags=("still life",), loras=(LoraPick("ink", 0.7, sha256=INK),))
    page = client.get(f"/gallery/{post.code}/").text
    for said in (
        "An &lt;b&gt;apple",
        "a red apple",
        "72 × 64",
        "Euler",
        "Steps: 20",
        "/by/alice/",
        "?tag=still%20life",
    ):
        assert said in page
    assert 'href="/loras/ink/"' in page and 'href="/checkpoints/base/"' in page
    assert f"/create/?post={post.code}" in page
    assert post.image is not None
    assert f"/images/{post.image.code}" not in page, "the owner's own addresses are nobody else's business"
    assert alice.email not in page


def test_a_private_lora_keeps_its_name_and_has_no_link(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice, loras=(LoraPick("ink", 0.7, sha256=INK),))
    Lora.objects.update(is_public=False)
    page = client.get(f"/gallery/{post.code}/").text
    assert 'href="/loras/ink/"' not in page and "ink" in page


def test_a_closed_account_is_told_and_leads_nowhere(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    User.objects.update(is_active=False)
    page = client.get(f"/gallery/{post.code}/").text
    assert "alice (account closed; what was public stays)" in page
    assert "/by/alice/" not in page
    assert client.get("/by/alice/").status_code == 404


def test_it_knows_its_neighbours(client: Client, alice: User, publish: Publish, send_in: Publish) -> None:
    old, mid = publish(alice), publish(alice)
    send_in(alice)
    new = publish(alice)
    page = client.get(f"/gallery/{mid.code}/").text
    assert f'rel="prev" href="/gallery/{new.code}/"' in page
    assert f'rel="next" href="/gallery/{old.code}/"' in page


def test_its_author_sees_it_while_it_waits(alices: Client, charlies: Client, alice: User, send_in: Publish) -> None:
    post = send_in(alice)
    page = alices.get(f"/gallery/{post.code}/")
    assert "Only you see this page" in page.text
    assert alices.get(f"/gallery/{post.code}/picture").headers["Cache-Control"] == "private, no-store"
    for rest in ("", "picture", "thumbnail"):
        assert charlies.get(f"/gallery/{post.code}/{rest}").status_code == 404


def test_files_of_a_public_post(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    for name, kind, start in (("picture", "image/png", b"\x89PNG"), ("thumbnail", "image/webp", b"RIFF")):
        answer = client.get(f"/gallery/{post.code}/{name}")
        assert answer.headers["Content-Type"] == kind
        assert answer.content.startswith(start)
        assert answer.headers["Cache-Control"] == "public, max-age=60, s-maxage=0, proxy-revalidate"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Vary" not in answer.headers or "Cookie" in answer.headers["Vary"]
        again = client.get(f"/gallery/{post.code}/{name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_remix_is_for_everybody_signed_in(charlies: Client, client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice, prompt="a lonely lighthouse", steps=17)
    page = charlies.get(f"/create/?post={post.code}").text
    assert "a lonely lighthouse" in page and 'value="17"' in page
    assert client.get(f"/create/?post={post.code}").headers["Location"].startswith("/accounts/login/?next=/create/")


def test_a_waiting_post_cannot_be_remixed(charlies: Client, alice: User, send_in: Publish) -> None:
    post = send_in(alice, prompt="a lonely lighthouse")
    assert "a lonely lighthouse" not in charlies.get(f"/create/?post={post.code}").text


def test_its_checkpoint_and_loras_are_told_by_a_picture(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice, loras=(LoraPick("ink", 0.7, sha256=INK),))
    page = client.get(f"/gallery/{post.code}/").text
    assert "ingredient__initial" not in page
    assert page.count(f'<img src="/gallery/{post.code}/thumbnail" alt="" width="36"') == 2, "the newest public one"
    Checkpoint.objects.update(name="emoji-diffusion", example_prompts=["a rocket"])
    assert "img/examples/emoji-diffusion/a-rocket" in client.get(f"/gallery/{post.code}/").text
