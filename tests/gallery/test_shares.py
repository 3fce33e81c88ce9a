"""What a post shares of its recipe: on its page, in its file, in the API, in what is found, and for a remix."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import Refusal
from gallery.cards import made_with, recipe_of
from gallery.models import Post
from gallery.moderation import approve
from gallery.publishing import publish_image, withdraw_post
from generation.imaging.png_chunks import png_texts
from generation.recipes.controls import ControlPick
from generation.recipes.enlarging import Enlarge, Hires
from generation.recipes.inversion import Inversion, Inverted
from generation.recipes.starting import PictureRef
from tests.gallery.conftest import BASE, Finish

SECRET = "zebra"


def shared(author: User, bob: User, finish: Finish, shares: str) -> Post:
    image = finish(author, f"a {SECRET} <lora:ink:0.7>", negative_prompt="blurred okapi")
    post = publish_image(author, image, "Stripes", shares=shares)
    approve(bob, post)
    return post


def everything(client: Client, post: Post) -> str:
    """All that others get of a post, as one text."""
    page = client.get(f"/gallery/{post.code}/").text + client.get("/gallery/").text
    api = client.get(f"/api/v1/posts/{post.code}").text + client.get("/gallery/feed.atom").text
    return page + api + client.get(f"/gallery/{post.code}/picture").content.decode("latin-1")


def test_the_whole_recipe(client: Client, alice: User, bob: User, finish: Finish) -> None:
    post = shared(alice, bob, finish, "recipe")
    assert SECRET in client.get(f"/gallery/{post.code}/").text
    assert post.code in client.get(f"/gallery/?q={SECRET}").text
    assert (recipe := recipe_of(post.code)) is not None and SECRET in recipe.prompt


def test_without_the_prompt(client: Client, charlies: Client, alice: User, bob: User, finish: Finish) -> None:
    post = shared(alice, bob, finish, "settings")
    said = everything(client, post)
    assert SECRET not in said and "okapi" not in said
    assert "does not share the prompt" in said and "?post=" in said
    api = client.get(f"/api/v1/posts/{post.code}").json()
    assert post.image is not None
    steps = post.image.recipe.steps
    assert (api["shares"], api["recipe"]["steps"], api["recipe"]["negative_prompt"]) == ("settings", steps, "")
    text = png_texts(client.get(f"/gallery/{post.code}/picture").content)["parameters"]
    assert f"Steps: {steps}" in text and SECRET not in text
    assert post.code not in client.get(f"/gallery/?q={SECRET}").text
    assert len(made_with(BASE, 5)) == 1
    assert (recipe := recipe_of(post.code)) is not None and recipe.prompt == "<lora:ink:0.7>"
    form = charlies.get(f"/create/?post={post.code}")
    assert form.status_code == 200 and SECRET not in form.text


def test_without_the_prompt_where_it_names_no_lora(
    client: Client, charlies: Client, alice: User, bob: User, finish: Finish
) -> None:
    image = finish(alice, f"a {SECRET}", negative_prompt="blurred okapi")
    post = publish_image(alice, image, "Stripes", shares="settings")
    approve(bob, post)
    said = everything(client, post)
    assert SECRET not in said and "okapi" not in said and "?post=" in said
    assert client.get(f"/api/v1/posts/{post.code}").json()["recipe"]["prompt"] == ""
    text = png_texts(client.get(f"/gallery/{post.code}/picture").content)["parameters"]
    assert text.startswith(f"Steps: {image.recipe.steps}")
    form = charlies.get(f"/create/?post={post.code}")
    assert f'value="{image.recipe.steps}"' in form.text and "…</textarea>" not in form.text


def test_nothing_of_the_pictures_that_it_was_made_from(client: Client, alice: User, bob: User, finish: Finish) -> None:
    """They may be somebody's own photograph; what the second pass was told goes with the prompt."""
    photo = PictureRef("f" * 64, 72, 64, "photocode")
    image = finish(
        alice,
        controls=(ControlPick("lines", photo),),
        inversion=Inversion(Inverted(photo, SECRET)),
        hires=Hires(1.5, prompt=f"a {SECRET} <lora:ink:0.4>", negative_prompt="blurred okapi"),
    )
    enlarged = finish(alice, enlarge=Enlarge(photo))
    for each, shares in ((image, "settings"), (enlarged, "recipe")):
        post = publish_image(alice, each, "Stripes", shares=shares)
        approve(bob, post)
        recipe = recipe_of(post.code)
        assert recipe is not None and recipe.pictures == () and SECRET not in str(recipe) and "okapi" not in str(recipe)
    post = Post.objects.get(image=image)
    assert post.shown_recipe is not None and post.shown_recipe.hires is not None
    assert (post.shown_recipe.hires.scale, post.shown_recipe.hires.prompt) == (1.5, "<lora:ink:0.4>")
    assert post.shown_recipe.prompt == "…" and client.get(f"/gallery/{post.code}/").status_code == 200


def test_only_the_picture(client: Client, alice: User, bob: User, finish: Finish) -> None:
    post = shared(alice, bob, finish, "nothing")
    said = everything(client, post)
    assert SECRET not in said and "okapi" not in said and "?post=" not in said
    assert "shares the picture alone" in said
    assert client.get(f"/api/v1/posts/{post.code}").json()["recipe"] is None
    file = client.get(f"/gallery/{post.code}/picture")
    assert "parameters" not in png_texts(file.content)
    again = client.get(f"/gallery/{post.code}/picture", headers={"If-None-Match": file.headers["ETag"]})
    assert again.status_code == 304 and not again.content
    assert made_with(BASE, 5) == [] and recipe_of(post.code) is None
    assert post.checkpoint is None


def test_it_is_chosen_anew_when_it_is_sent_in_again(alice: User, bob: User, finish: Finish) -> None:
    post = shared(alice, bob, finish, "nothing")
    assert post.image is not None
    withdraw_post(alice, post)
    publish_image(alice, post.image, "Stripes")
    post.refresh_from_db()
    assert (post.shares, post.checkpoint is not None) == ("recipe", True)
    assert SECRET in post.search_words


def test_the_page_and_the_api_ask(alices: Client, alices_api: Any, alice: User, finish: Finish) -> None:
    first, second = finish(alice), finish(alice)
    assert "What others see of it" in alices.get(f"/images/{first.code}/publish/").text
    alices.post(f"/images/{first.code}/publish/", {"title": "Apple", "shares": "nothing"})
    assert Post.objects.get(image=first).shares == "nothing"
    alices_api.post("/api/v1/posts", {"image": second.code, "title": "Apple", "shares": "settings"})
    assert Post.objects.get(image=second).shares == "settings"


def test_what_cannot_be_chosen(alice: User, finish: Finish) -> None:
    with pytest.raises(Refusal):
        publish_image(alice, finish(alice), "Apple", shares="half")
