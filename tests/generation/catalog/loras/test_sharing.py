"""What an owner does with a LoRA: describe it, share it, delete it."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.refusals import Conflict, NotFound, Refusal
from generation.catalog.loras import files
from generation.catalog.loras.licences import LICENCES
from generation.catalog.loras.sharing import delete_lora, describe, downloadable, own_lora, share
from generation.models import Lora
from tests.generation.catalog.loras.conftest import Bring


def test_words_are_cleaned_and_kept(alice: User, bring: Bring) -> None:
    lora = bring(alice)
    describe(
        lora, title=" Ink\u202e  wash ", description="One\r\ntwo", licence="cc-by",
        trigger_words=["inkwash", " inkwash"], name="ink-wash", may_download=True,
    )  # fmt: skip
    lora.refresh_from_db()
    assert (lora.title, lora.description, lora.licence) == ("Ink wash", "One\ntwo", "CC BY 4.0")
    assert (lora.trigger_words, lora.name, lora.may_download) == (["inkwash"], "ink-wash", True)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"title": " \u200b "}, "title-missing"),
        ({"name": "../x"}, "bad-name"),
        ({"name": "a b"}, "bad-name"),
        ({"name": "upload"}, "name-taken"),
        ({"licence": "beerware"}, "unknown-licence"),
        ({"trigger_words": ["x" * 81]}, "bad-words"),
        ({"trigger_words": [str(n) for n in range(9)]}, "bad-words"),
        ({"licence": "none", "may_download": True}, "licence-forbids"),
        ({"may_download": True}, "licence-forbids"),
    ],
)
def test_bad_words_change_nothing(alice: User, bring: Bring, said: dict[str, object], code: str) -> None:
    lora = bring(alice)
    with pytest.raises(Refusal) as refused:
        describe(lora, **said)
    assert refused.value.code == code and refused.value.field in said
    assert Lora.objects.get().title == "my-style" and Lora.objects.get().licence == ""


def test_what_is_public_stays_as_it_was_approved(alice: User, bring: Bring) -> None:
    lora = bring(alice)
    describe(lora, licence="mit")
    Lora.objects.update(is_public=True)
    lora.refresh_from_db()
    changes = {"licence": "cc0", "description": "x", "title": "Other", "trigger_words": ["x"], "name": "other"}
    for field, value in changes.items():
        with pytest.raises(Conflict):
            describe(lora, **{field: value})
    describe(lora, may_download=True, licence="mit")
    with pytest.raises(Conflict):
        delete_lora(lora)


def test_sharing_names_people(alice: User, bob: User, charlie: User, bring: Bring) -> None:
    lora = bring(alice)
    share(lora, ["charlie", " @bob ", "alice", ""])
    assert {user.username for user in lora.shared_with.all()} == {"bob", "charlie"}
    assert Lora.objects.usable_by(charlie).get() == lora
    share(lora, ["bob"])
    assert not Lora.objects.usable_by(charlie).exists()
    with pytest.raises(Refusal, match="Nobody here is called “nobody”"):
        share(lora, ["bob", "nobody"])


def test_a_stranger_has_nothing_to_change(alice: User, charlie: User, bring: Bring) -> None:
    lora = bring(alice)
    with pytest.raises(NotFound):
        own_lora(charlie, lora.name)
    share(lora, ["charlie"])
    with pytest.raises(NotFound):
        own_lora(charlie, lora.name)


def test_deleting_keeps_the_file_while_somebody_has_it(alice: User, charlie: User, bring: Bring) -> None:
    hers, his = bring(alice), bring(charlie)
    path = files.root() / hers.path
    delete_lora(hers)
    assert path.exists() and Lora.objects.get() == his
    delete_lora(his)
    assert not path.exists()


def test_downloads_are_counted(alice: User, charlie: User, bring: Bring) -> None:
    lora = bring(alice)
    describe(lora, licence="cc-by", may_download=True)
    share(lora, ["charlie"])
    for _ in range(3):
        assert downloadable(charlie, lora.name) is not None
    assert Lora.objects.get().downloads == 3


def test_every_licence_has_its_sentence_and_fits_its_column() -> None:
    assert all(licence.sentence.endswith(".") and len(licence.title) <= 60 for licence in LICENCES.values())
