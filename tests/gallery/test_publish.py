"""Sending a picture in: the verb and its page."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import Conflict, NotFound, QuotaExceeded, Refusal
from gallery import publishing
from gallery.models import Decision, Post
from gallery.moderation import approve, reject, take_down
from gallery.publishing import publish_image, withdraw_post
from generation.jobs.deletion import delete_images
from generation.storage import files
from tests.gallery.conftest import INK, Finish, Publish


def test_it_works(alice: User, finish: Finish) -> None:
    image = finish(alice, "a red apple <lora:ink:0.7>", loras=())
    post = publish_image(alice, image, "  An   apple ", ["#Still Life", "still life", "ROT"])
    assert (post.title, post.state, post.author, post.image) == ("An apple", "pending", alice, image)
    assert list(post.tags.values_list("name", flat=True)) == ["rot", "still life"]
    assert post.checkpoint is not None and post.checkpoint.name == "base"
    decision = Decision.objects.get()
    assert (decision.who, decision.verb, decision.from_state, decision.to_state) == (alice, "publish", "", "pending")


def test_the_loras_of_the_recipe_are_known(alice: User, finish: Finish) -> None:
    from generation.recipes.picture import LoraPick

    post = publish_image(alice, finish(alice, loras=(LoraPick("ink", 0.7, sha256=INK),)), "Apple")
    assert [lora.name for lora in post.loras.all()] == ["ink"]


def test_somebody_elses_picture_is_not_there(alice: User, charlie: User, finish: Finish) -> None:
    with pytest.raises(NotFound):
        publish_image(charlie, finish(alice), "Mine now")
    assert not Post.objects.exists()


def test_a_deleted_picture_is_not_there(alice: User, finish: Finish) -> None:
    image = finish(alice)
    delete_images(alice, [image.code])
    image.refresh_from_db()
    with pytest.raises(NotFound):
        publish_image(alice, image, "Gone")


def test_twice_is_once(alice: User, bob: User, finish: Finish) -> None:
    image = finish(alice)
    post = publish_image(alice, image, "Apple")
    with pytest.raises(Conflict, match="waiting"):
        publish_image(alice, image, "Apple again")
    approve(bob, post)
    with pytest.raises(Conflict, match="in the gallery already"):
        publish_image(alice, image, "Apple again")
    assert Post.objects.get().title == "Apple"


def test_what_was_not_accepted_may_come_again(alice: User, bob: User, finish: Finish) -> None:
    image = finish(alice)
    reject(bob, publish_image(alice, image, "Apple", ["x"]), "Say more.")
    post = publish_image(alice, image, "A better apple", ["y"])
    assert (post.state, post.title) == ("pending", "A better apple")
    assert [tag.name for tag in post.tags.all()] == ["y"]
    assert [row.verb for row in post.decisions.order_by("pk")] == ["publish", "reject", "publish"]


def test_what_was_taken_down_stays_down(alice: User, bob: User, publish: Publish) -> None:
    post = publish(alice)
    assert post.image is not None
    take_down(bob, post, "A real person.")
    with pytest.raises(Conflict, match="took this picture down"):
        publish_image(alice, post.image, "Apple")


@pytest.mark.parametrize(
    ("title", "tags", "code"),
    [
        ("", [], "title-missing"),
        ("   ", [], "title-missing"),
        ("x" * 81, [], "bad-title"),
        ("a\u202eb", [], "bad-title"),
        ("Ap\u200bple", [], "bad-title"),
        ("Apple", [f"tag {n}" for n in range(10_000)], "too-many-tags"),
        ("Apple", [f"t{n}" for n in range(11)], "too-many-tags"),
        ("Apple", ["x" * 31], "tag-too-long"),
        ("Apple", ["<b>"], "bad-tag"),
        ("Apple", ["a&tag=b"], "bad-tag"),
    ],
)
def test_bad_words_are_refused(alice: User, finish: Finish, title: str, tags: list[str], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        publish_image(alice, finish(alice), title, tags)
    assert refused.value.code == code
    assert refused.value.field in {"title", "tags"}
    assert not Post.objects.exists()


def test_only_so_many_wait_at_once(alice: User, send_in: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "MOST_PENDING", 1)
    send_in(alice)
    with pytest.raises(QuotaExceeded):
        send_in(alice)


def test_the_page_sends_in(alices: Client, alice: User, finish: Finish) -> None:
    image = finish(alice)
    assert "A red apple" in alices.get(f"/images/{image.code}/publish/").text
    answer = alices.post(f"/images/{image.code}/publish/", {"title": "Apple", "tags": "red, still life,"})
    assert answer.headers["Location"] == f"/images/{image.code}/"
    page = alices.get(f"/images/{image.code}/").text
    assert "Waiting for a moderator" in page
    assert sorted(tag.name for tag in Post.objects.get().tags.all()) == ["red", "still life"]


def test_the_page_says_what_is_wrong_and_keeps_the_words(alices: Client, alice: User, finish: Finish) -> None:
    image = finish(alice)
    page = alices.post(f"/images/{image.code}/publish/", {"title": "Apple", "tags": "a<b"})
    assert page.status_code == 400
    assert "cannot be a tag" in page.text
    assert 'value="Apple"' in page.text
    assert "Give the picture a title." in alices.post(f"/images/{image.code}/publish/", {"tags": ""}).text


def test_the_page_of_a_pending_picture_has_no_second_form(alices: Client, alice: User, send_in: Publish) -> None:
    post = send_in(alice)
    assert post.image is not None
    page = alices.get(f"/images/{post.image.code}/publish/").text
    assert 'name="title"' not in page
    assert "Waiting for a moderator" in page
    again = alices.post(f"/images/{post.image.code}/publish/", {"title": "Again"})
    assert again.status_code == 409


def test_charlie_gets_404(charlies: Client, alice: User, finish: Finish) -> None:
    image = finish(alice)
    assert charlies.get(f"/images/{image.code}/publish/").status_code == 404
    assert charlies.post(f"/images/{image.code}/publish/", {"title": "Mine"}).status_code == 404
    assert not Post.objects.exists()


def test_the_author_reads_the_reason(alices: Client, alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    reject(bob, post, "Too much <b>glue</b>.")
    assert post.image is not None
    page = alices.get(f"/images/{post.image.code}/").text
    assert "Not accepted" in page
    assert "Too much &lt;b&gt;glue&lt;/b&gt;." in page
    assert f"/images/{post.image.code}/publish/" in page


def test_withdrawn_may_come_again_but_waits_again(alice: User, publish: Publish) -> None:
    post = publish(alice)
    assert post.image is not None
    withdraw_post(alice, post)
    assert publish_image(alice, post.image, "Apple").state == "pending"
    assert not Post.objects.public().exists()


def test_a_picture_whose_file_is_gone_is_refused(alices: Client, alice: User, finish: Finish) -> None:
    image = finish(alice)
    files.discard(image.file, image.thumbnail)
    with pytest.raises(NotFound) as refused:
        publish_image(alice, image, "An apple")
    assert refused.value.code == "file-gone" and not Post.objects.exists()
    assert alices.post(f"/images/{image.code}/publish/", {"title": "An apple"}).status_code == 404


def test_a_public_picture_whose_file_is_gone_is_not_there(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    assert post.image is not None
    files.discard(post.image.file, post.image.thumbnail)
    for name in ("picture", "thumbnail"):
        assert client.get(f"/gallery/{post.code}/{name}").status_code == 404
