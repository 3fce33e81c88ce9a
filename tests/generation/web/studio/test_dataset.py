"""The page of a data set: begun with consent, filled, captioned, split, deleted, and nobody else's."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.credits import grant
from accounts.models import User
from generation.models import DataSet
from generation.storage import files as storage_files
from generation.training.datasets.splitting import set_split
from tests.generation.conftest import Draw
from tests.generation.web.conftest import PART
from tests.generation.web.studio.studio_things import dataset, make_dataset, own_media, picture, run_of, upload

__all__ = ["dataset", "make_dataset", "own_media"]


def home_of(dataset: DataSet) -> str:
    return f"/studio/datasets/{dataset.code}/"


def test_one_is_begun(alices: Client, alice: User) -> None:
    assert "I may use these pictures" in alices.get("/studio/datasets/new/").text
    asked = alices.post("/studio/datasets/new/", {"title": "Noto", "trigger": "noto style", "consent": "on"})
    made = DataSet.objects.get()
    assert asked.headers["Location"] == home_of(made)
    assert (made.owner, made.title, made.trigger) == (alice, "Noto", "noto style")


@pytest.mark.parametrize("fields", [{"title": "Noto"}, {"title": "", "consent": "on"}])
def test_without_consent_or_title_it_is_not(alices: Client, fields: dict[str, str]) -> None:
    assert alices.post("/studio/datasets/new/", fields).status_code == 400
    assert not DataSet.objects.exists()


def test_it_works(alices: Client, dataset: DataSet) -> None:
    set_split(dataset, 1, seed=0)
    page = alices.get(home_of(dataset)).text
    assert page.count('class="dataset-picture"') == 4
    assert page.count("data-held") == 1
    assert "The other 1 stay" in page
    assert f"/studio/runs/new/?dataset={dataset.code}" in page


def test_few_pictures_are_held_out_in_turn_and_none_is_marked(alices: Client, dataset: DataSet) -> None:
    page = alices.get(home_of(dataset)).text
    assert "data-held" not in page and "stay unseen" not in page and "Draw others" not in page
    assert "3 trainings on the side" in page and "the LoRA itself learns all 4" in page
    assert ">held out in turn</summary>" in alices.get(home_of(dataset) + "table/").text


def test_an_empty_one_is_a_place_to_drop(alices: Client, alice: User, make_dataset: object) -> None:
    page = alices.get(home_of(make_dataset(alice))).text  # type: ignore[operator]
    assert "drop--large" in page and 'class="dataset-picture"' not in page


def test_charlie_gets_404(charlies: Client, dataset: DataSet) -> None:
    home, code = home_of(dataset), dataset.pictures.get(name="0.png").code
    for part in ("", "table/", "images/", f"pictures/{code}/file", f"pictures/{code}/thumbnail"):
        assert charlies.get(home + part).status_code == 404, part
    for part in ("", "captions/", "split/", "delete/", "pictures/", "images/"):
        assert charlies.post(home + part).status_code == 404, part
    for verb in ("caption", "crop", "remove"):
        assert charlies.post(f"{home}pictures/{code}/{verb}/").status_code == 404, verb
    assert dataset.pictures.count() == 4


def test_files_come_in_and_bad_ones_are_told_once(alices: Client, dataset: DataSet) -> None:
    files = [upload("new.png", picture(9)), upload("<b>bad.png", b"nothing")]
    assert alices.post(home_of(dataset) + "pictures/", {"files": files}).headers["Location"] == home_of(dataset)
    page = alices.get(home_of(dataset)).text
    assert "1 picture added." in page
    assert "&lt;b&gt;bad.png" in page and "Only PNG, JPEG and WebP" in page
    assert "bad.png" not in alices.get(home_of(dataset)).text


def test_a_script_is_told_in_json(alices: Client, dataset: DataSet) -> None:
    files = [upload("new.png", picture(9)), upload("twin.png", picture(1))]
    answer = alices.post(home_of(dataset) + "pictures/", {"files": files}, headers=PART).json()
    assert answer["added"] == 1
    assert [(each["name"], each["code"]) for each in answer["refused"]] == [("twin.png", "same-picture")]
    assert alices.get(home_of(dataset) + "table/").text.count('class="dataset-picture"') == 5


def test_captions_that_come_later_are_counted(alices: Client, dataset: DataSet) -> None:
    files = [upload("0.txt", b"a red apple"), upload("nobody.txt", b"a plum")]
    answer = alices.post(home_of(dataset) + "pictures/", {"files": files}, headers=PART).json()
    assert (answer["added"], answer["captioned"], [each["name"] for each in answer["refused"]]) == (
        0,
        1,
        ["nobody.txt"],
    )
    alices.post(home_of(dataset) + "pictures/", {"files": [upload("0.txt", b"a pear"), upload("x.txt", b"a plum")]})
    page = alices.get(home_of(dataset)).text
    assert "1 caption changed." in page and "picture added" not in page and "pictures added" not in page
    assert "x.txt</strong> <span>There is no picture of this name" in page


def test_own_pictures_that_are_too_similar_are_named(alices: Client, alice: User, dataset: DataSet, draw: Draw) -> None:
    mine = draw(alice, "a pear")
    for _ in range(2):
        alices.post(home_of(dataset) + "images/", {"picked": [mine.code]})
    assert f"a-pear-{mine.code}.png</strong> <span>This is the same picture" in alices.get(home_of(dataset)).text
    assert dataset.pictures.count() == 5


def test_own_made_pictures_come_in(alices: Client, alice: User, charlie: User, dataset: DataSet, draw: Draw) -> None:
    grant(charlie, 10, reference="test")
    mine, others = draw(alice, "a pear"), draw(charlie, "a fig")
    assert mine.code in alices.get(home_of(dataset) + "images/").text
    alices.post(home_of(dataset) + "images/", {"picked": [mine.code, others.code]})
    assert [row.caption for row in dataset.pictures.all()][4:] == ["a pear"]


def test_a_caption_is_saved(alices: Client, dataset: DataSet, catalog: object) -> None:
    row = dataset.pictures.get(name="0.png")
    address = f"{home_of(dataset)}pictures/{row.code}/caption/"
    answer = alices.post(address, {"caption": "a red apple"}, headers=PART)
    assert answer.json() == {"caption": "a red apple", "tokens": "3 tokens"}
    many = alices.post(address, {"caption": "a red apple " * 11}, headers=PART)
    assert many.json()["tokens"] == "33 tokens, 30 are read", "the bundled checkpoint reads 30 at once"
    assert '<span class="number accent" data-tokens>33 tokens, 30 are read' in alices.get(home_of(dataset)).text
    alices.post(address, {"caption": "a red apple"})
    long = alices.post(address, {"caption": "x" * 1001}, headers=PART)
    assert (long.status_code, long.json()["field"]) == (400, "caption")
    row.refresh_from_db()
    assert row.caption == "a red apple"
    assert alices.post(address, {"caption": "a pear"}).headers["Location"] == home_of(dataset)


def test_all_captions_change_at_once(alices: Client, dataset: DataSet) -> None:
    address = home_of(dataset) + "captions/"
    alices.post(address, {"change": "surround", "before": "a cat", "after": ""})
    alices.post(address, {"change": "replace", "find": "cat", "put": "dog"})
    assert set(dataset.pictures.values_list("caption", flat=True)) == {"a dog"}
    assert "4 captions changed." in alices.get(home_of(dataset)).text
    alices.post(address, {"change": "clear"})
    alices.post(address, {"change": "what"})
    assert set(dataset.pictures.values_list("caption", flat=True)) == {""}


def test_the_split_is_set(alices: Client, dataset: DataSet) -> None:
    address = home_of(dataset) + "split/"
    alices.post(address, {"held_out": "2", "seed": "7"})
    dataset.refresh_from_db()
    assert (dataset.held_out, dataset.seed) == (2, 7)
    alices.post(address, {"held_out": "2", "seed": "7", "again": "1"})
    dataset.refresh_from_db()
    assert dataset.seed != 7
    alices.post(address, {"held_out": "4", "seed": "7"})
    assert "Hold out 0 to 3 pictures" in alices.get(home_of(dataset)).text


def test_a_crop_is_kept_and_left_to_itself(alices: Client, dataset: DataSet) -> None:
    row = dataset.pictures.get(name="0.png")
    address = f"{home_of(dataset)}pictures/{row.code}/crop/"
    kept = alices.post(address, {"crop": "0,0.25,1,1"}, headers=PART).json()
    assert kept == {"crop": [0, 0.25, 1, 1], "focus": None}
    for bad in ("0,0,2,1", "a,b,c,d", "0,0,1", "0,0,0.1,1"):
        assert alices.post(address, {"crop": bad}, headers=PART).status_code == 400, bad
    assert alices.post(address, {"crop": ""}, headers=PART).json() == {"crop": None, "focus": None}


def test_a_focus_is_kept_with_the_crop(alices: Client, dataset: DataSet) -> None:
    row = dataset.pictures.get(name="0.png")
    address = f"{home_of(dataset)}pictures/{row.code}/crop/"
    kept = alices.post(address, {"crop": "0,0.25,1,1", "focus": "0.2,0.75"}, headers=PART).json()
    assert kept == {"crop": [0, 0.25, 1, 1], "focus": [0.2, 0.75]}
    assert 'data-focus="0.2,0.75"' in alices.get(home_of(dataset)).text
    assert alices.post(address, {"crop": "", "focus": "2,0"}, headers=PART).json()["field"] == "focus"
    row.refresh_from_db()
    assert (row.crop, row.focus) == ([0, 0.25, 1, 1], [0.2, 0.75]), "refused together, kept together"


def test_words_change(alices: Client, dataset: DataSet) -> None:
    alices.post(home_of(dataset), {"title": "Ten emoji", "trigger": ""})
    dataset.refresh_from_db()
    assert (dataset.title, dataset.trigger) == ("Ten emoji", "")


def test_without_a_script_words_and_deleting_have_pages(alices: Client, charlies: Client, dataset: DataSet) -> None:
    page = alices.get(home_of(dataset)).text
    for part in ("words/", "delete/"):
        assert f'href="{home_of(dataset)}{part}" data-opens=' in page
        assert charlies.get(home_of(dataset) + part).status_code == 404
    words = alices.get(home_of(dataset) + "words/").text
    assert f'action="{home_of(dataset)}"' in words and f'value="{dataset.title}"' in words
    question = alices.get(home_of(dataset) + "delete/").text
    assert ">Delete the data set</button>" in question and ">Keep the data set</a>" in question
    assert DataSet.objects.filter(pk=dataset.pk).exists()


def test_a_picture_and_the_set_can_go(alices: Client, alice: User, dataset: DataSet) -> None:
    row = dataset.pictures.get(name="0.png")
    address = f"{home_of(dataset)}pictures/{row.code}/remove/"
    run = run_of(alice, dataset)
    assert alices.post(address, headers=PART).status_code == 409
    alices.post(home_of(dataset) + "delete/")
    assert DataSet.objects.exists()
    run.delete()
    assert alices.post(address, headers=PART).json() == {"removed": row.code}
    assert alices.post(home_of(dataset) + "delete/").headers["Location"] == "/studio/"
    assert not DataSet.objects.exists()


def test_files_are_shown_to_their_owner_alone_and_asked_for_again(alices: Client, dataset: DataSet) -> None:
    row = dataset.pictures.get(name="0.png")
    address = f"{home_of(dataset)}pictures/{row.code}/file"
    shown = alices.get(address)
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.content == storage_files.read(row.file)
    assert "private" in shown.headers["Cache-Control"]
    assert alices.get(address, headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304
