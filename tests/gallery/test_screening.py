"""What runs before a moderator looks: the block list and the duplicate hash."""

from __future__ import annotations

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageEnhance

from accounts.models import User
from accounts.refusals import Refusal
from gallery.models import BlockedPhrase, Post
from gallery.publishing import publish_image
from gallery.screening import ALIKE, difference_hash, flags_of_words
from tests.gallery.conftest import Finish, Publish, encoded


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


def test_the_hash_outlives_size_light_and_format(db: None) -> None:
    default_storage.save("a.png", ContentFile(encoded(3, "PNG")))
    with Image.open(io.BytesIO(encoded(3, "PNG"))) as picture:
        other = ImageEnhance.Brightness(picture.resize((144, 128))).enhance(0.9)
    buffer = io.BytesIO()
    other.save(buffer, "WEBP", quality=60)
    default_storage.save("b.webp", ContentFile(buffer.getvalue()))
    default_storage.save("c.png", ContentFile(encoded(4, "PNG")))
    one, same, another = (int(difference_hash(name), 16) for name in ("a.png", "b.webp", "c.png"))
    assert (one ^ same).bit_count() <= ALIKE < 10 < (one ^ another).bit_count()
