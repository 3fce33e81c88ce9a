"""What runs before a moderator looks: the block lists of words and of pictures, and near-duplicates."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageEnhance

from accounts.models import User
from accounts.refusals import Refusal
from gallery.models import BlockedPhrase, BlockedPicture, ModerationAct, Post
from gallery.publishing import publish_image
from gallery.screening import block_picture, flags_of_words
from generation.models import GeneratedImage
from generation.storage.files import write
from tests.gallery.conftest import Finish, Publish
from tests.generation.imaging.test_pdq import scene


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("gore", "Gore"),
        ("gore", "some GORE, here"),
        ("gore", "g\u200bore"),
        ("gore", "ｇｏｒｅ"),
        ("real person", "a  real\nperson!"),
        ("Straße", "die STRASSE"),
        ("gore", "under_gore_score"),
    ],
)
def test_a_phrase_is_found(db: None, phrase: str, text: str) -> None:
    BlockedPhrase.objects.create(phrase=phrase, effect="refuse")
    with pytest.raises(Refusal) as refused:
        flags_of_words("harmless", text)
    assert refused.value.code == "blocked-words"


@pytest.mark.parametrize(("phrase", "text"), [("gore", "gorey category"), ("real person", "a real. Another person")])
def test_only_whole_words_count(db: None, phrase: str, text: str) -> None:
    BlockedPhrase.objects.create(phrase=phrase, effect="refuse")
    assert flags_of_words(text) == []


def test_a_phrase_does_not_reach_over_two_texts(db: None) -> None:
    BlockedPhrase.objects.create(phrase="real person", effect="refuse")
    assert flags_of_words("real", "person") == []


def test_a_flag_is_for_moderators(alice: User, finish: Finish, db: None) -> None:
    BlockedPhrase.objects.create(phrase="apple", effect="flag", note="Trademark?")
    BlockedPhrase.objects.create(phrase="red", effect="refuse", is_active=False)
    post = publish_image(alice, finish(alice, "a red apple"), "Fruit")
    assert post.flags == ["Says “apple”: Trademark?"]
    assert post.state == "pending"


def test_a_refused_word_makes_no_post(alice: User, finish: Finish) -> None:
    BlockedPhrase.objects.create(phrase="apple", effect="refuse")
    for prompt, title, tags in (("an apple", "Fruit", []), ("fruit", "Apple", []), ("fruit", "Fruit", ["apple"])):
        with pytest.raises(Refusal):
            publish_image(alice, finish(alice, prompt), title, tags)
    assert not Post.objects.exists()


def test_the_negative_prompt_does_not_count(alice: User, finish: Finish) -> None:
    BlockedPhrase.objects.create(phrase="gore", effect="refuse")
    assert publish_image(alice, finish(alice, negative_prompt="gore"), "Fruit").flags == []


def test_the_same_picture_is_pointed_out(alice: User, charlie: User, send_in: Publish) -> None:
    send_in(charlie, "First", seed=5)
    assert send_in(alice, "Second", seed=5).flags == ["Looks like “First” (waiting for a moderator)"]
    assert send_in(alice, "Third", seed=6).flags == []


def shown_as(image: GeneratedImage, picture: Image.Image) -> GeneratedImage:
    """The image with another small copy: `screening` looks at nothing else."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=80)
    image.thumbnail = write(f"images/{image.code}-other.webp", buffer.getvalue())
    image.save(update_fields=["thumbnail"])
    return image


def test_a_smaller_lighter_picture_is_the_same(alice: User, charlie: User, finish: Finish) -> None:
    publish_image(charlie, shown_as(finish(charlie), scene(5)), "First")
    other = ImageEnhance.Brightness(scene(5).resize((150, 150))).enhance(0.9)
    post = publish_image(alice, shown_as(finish(alice), other), "Second")
    assert post.flags == ["Looks like “First” (waiting for a moderator)"]
    assert publish_image(alice, shown_as(finish(alice), scene(6)), "Third").flags == []


def test_a_post_is_known_after_its_picture_is_gone(alice: User, charlie: User, send_in: Publish) -> None:
    first = send_in(charlie, "First", seed=5)
    assert first.image is not None
    first.image.delete()
    assert send_in(alice, "Second", seed=5).flags == ["Looks like “First” (waiting for a moderator)"]


def test_a_plain_picture_looks_like_nothing(alice: User, finish: Finish) -> None:
    for title in ("First", "Second"):
        plain = shown_as(finish(alice), Image.new("RGB", (64, 64), "teal"))
        assert publish_image(alice, plain, title).flags == []


def test_a_blocked_picture_is_refused(alice: User, bob: User, send_in: Publish) -> None:
    block_picture(bob, send_in(alice, seed=5), "Taken down on notice")
    with pytest.raises(Refusal) as refused:
        send_in(alice, "Again", seed=5)
    assert refused.value.code == "blocked-picture"
    assert send_in(alice, "Another", seed=6).flags == []


def test_a_blocked_picture_may_only_be_pointed_out(alice: User, bob: User, send_in: Publish) -> None:
    rule = block_picture(bob, send_in(alice, seed=5), "Looked at before")
    BlockedPicture.objects.filter(pk=rule.pk).update(effect=BlockedPicture.Effect.FLAG)
    assert "Looks like a blocked picture: Looked at before" in send_in(alice, "Again", seed=5).flags
    BlockedPicture.objects.filter(pk=rule.pk).update(is_active=False)
    assert "Looks like a blocked picture: Looked at before" not in send_in(alice, "Again", seed=5).flags


def test_blocking_twice_is_blocking_once(alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice, seed=5)
    assert block_picture(bob, post, "First") == block_picture(bob, post, "Second")
    assert BlockedPicture.objects.get().note == "Second"
    acts = ModerationAct.objects.filter(verb="picture_blocked", who=bob, person=alice, subject_id=post.pk)
    assert sorted(acts.values_list("words", flat=True)) == ["First", "Second"]
