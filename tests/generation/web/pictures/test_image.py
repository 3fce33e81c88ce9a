"""The page of one picture."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from accounts.models import User
from generation.models import GeneratedImage, Lora
from generation.recipes.enlarging import Hires
from generation.recipes.palette import Palette
from generation.recipes.variation import Variation

Draw = Callable[..., GeneratedImage]


def test_it_works(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice, "a star <lora:fluent-3d:0.5>", seed=1234567, negative_prompt="mud")
    page = alices.get(f"/images/{image.code}/")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    for said in ("a star &lt;lora:fluent-3d:0.5&gt;", "mud", "1234567", "128 × 128", "Euler", "Steps: 4"):
        assert said in page.text
    assert 'href="/loras/fluent-3d/"' in page.text
    assert 'href="/checkpoints/emoji-diffusion/"' in page.text
    assert f"/create/?image={image.code}" in page.text


def test_the_parts_of_its_recipe_are_told(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(
        alice,
        hires=Hires(1.5, upscaler="Lanczos", strength=0.4),
        palette=Palette(("#c2412d", "#f2a93b"), 0.7),
        variation=Variation(77, 0.25),
    )
    page = alices.get(f"/images/{image.code}/").text
    assert "1.5 times larger, Lanczos, change 0.4" in page and "0.25 towards seed 77" in page
    assert 'fill="#c2412d"' in page and 'aria-label="#f2a93b"' in page


def test_infotext_stands_there_to_copy(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert image.infotext in alices.get(f"/images/{image.code}/").text


def test_it_knows_its_neighbours(alices: Client, alice: User, draw: Draw) -> None:
    old, mid, new = draw(alice), draw(alice), draw(alice)
    page = alices.get(f"/images/{mid.code}/")
    assert f'rel="prev" href="/images/{new.code}/"' in page.text
    assert f'rel="next" href="/images/{old.code}/"' in page.text
    assert 'rel="prev"' not in alices.get(f"/images/{new.code}/").text
    assert 'rel="next"' not in alices.get(f"/images/{old.code}/").text


def test_a_lora_that_left_the_catalog_keeps_its_name(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice, "a star <lora:fluent-3d:0.5>")
    Lora.objects.all().delete()
    page = alices.get(f"/images/{image.code}/").text
    assert "no longer here" in page
    assert 'href="/loras/fluent-3d/"' not in page


def test_charlie_gets_404(charlies: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert charlies.get(f"/images/{image.code}/").status_code == 404


def test_anonymous_is_sent_to_sign_in(client: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert client.get(f"/images/{image.code}/").headers["Location"].startswith("/accounts/login/?next=/images/")


def test_deleting_hides_it_and_undo_brings_it_back(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert alices.post(f"/images/{image.code}/delete/").headers["Location"] == "/images/"
    assert alices.get(f"/images/{image.code}/").status_code == 404
    assert "1 picture deleted." in alices.get("/images/").text
    alices.post("/images/restore/", {"picked": image.code})
    assert alices.get(f"/images/{image.code}/").status_code == 200


def test_after_a_day_there_is_no_way_back(alices: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    GeneratedImage.objects.update(deleted_at=timezone.now() - timedelta(hours=24))
    alices.post("/images/restore/", {"picked": image.code})
    assert alices.get(f"/images/{image.code}/").status_code == 404


def test_charlie_deletes_nothing(charlies: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    assert charlies.post(f"/images/{image.code}/delete/").status_code == 404
    image.refresh_from_db()
    assert image.deleted_at is None
