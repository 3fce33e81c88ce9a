"""/api/v1/datasets: begin, fill, caption, crop, split and delete data sets, by the same verbs as the pages."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from accounts.models import User
from generation.models import DataSet
from tests.generation.training.datasets.conftest import dataset, make_dataset, own_media, picture, upload, zipped

__all__ = ["dataset", "make_dataset", "own_media"]
URL = "/api/v1/datasets"


def test_it_works(alices_api: APIClient, alice: User) -> None:
    begun = alices_api.post(URL, {"title": "Noto", "trigger": "noto style", "consent": True})
    address = begun.headers["Location"]
    assert begun.status_code == 201 and begun.json()["pictures"] == []
    files = [
        upload("a.png", picture(1)),
        upload("a.txt", b"an apple"),
        upload("b.png", b"nothing"),
        upload("c.zip", zipped({"d.png": picture(2), "e.png": picture(3)})),
    ]
    came = alices_api.post(f"{address}/pictures", {"files": files}, format="multipart")
    assert came.status_code == 201
    assert [(row["name"], row["caption"]) for row in came.json()["added"]] == [
        ("a.png", "an apple"),
        ("d.png", ""),
        ("e.png", ""),
    ]
    assert [row["name"] for row in came.json()["refused"]] == ["b.png"]
    later = [upload("d.txt", b"a date"), upload("f.txt", b"a fig")]
    answer = alices_api.post(f"{address}/pictures", {"files": later}, format="multipart").json()
    assert [(row["name"], row["caption"]) for row in answer["captioned"]] == [("d.png", "a date")]
    assert [row["name"] for row in answer["refused"]] == ["f.txt"]
    shown = alices_api.get(address).json()
    assert len(shown["pictures"]) == 3 and len(shown["held_out_pictures"]) == 1
    assert [row["code"] for row in alices_api.get(URL).json()["results"]] == [shown["code"]]
    assert DataSet.objects.get().owner == alice


def test_consent_and_title_are_needed(alices_api: APIClient) -> None:
    refused = alices_api.post(URL, {"title": "Noto"})
    assert (refused.status_code, refused.json()["code"]) == (400, "no-consent")
    assert alices_api.post(URL, {"consent": True}).json()["errors"][0]["field"] == "title"


def test_words_split_captions_and_crops_change(alices_api: APIClient, dataset: DataSet) -> None:
    address = f"{URL}/{dataset.code}"
    changed = alices_api.patch(address, {"trigger": "sks", "held_out": 2, "seed": 3}).json()
    assert (changed["title"], changed["trigger"], changed["held_out"], changed["seed"]) == (dataset.title, "sks", 2, 3)
    assert len(changed["held_out_pictures"]) == 2
    assert alices_api.patch(address, {"held_out": 4}).status_code == 400
    row = dataset.pictures.get(name="0.png")
    one = f"{address}/pictures/{row.code}"
    assert alices_api.patch(one, {"caption": "a pear", "crop": [0, 0, 1, 0.5]}).json()["crop"] == [0, 0, 1, 0.5]
    assert alices_api.patch(one, {"crop": None}).json()["caption"] == "a pear"
    assert alices_api.patch(one, {"focus": [0.2, 1]}).json()["focus"] == [0.2, 1]
    assert alices_api.patch(one, {"focus": [0.2, 2]}).json()["errors"][0]["field"] == "focus"
    assert alices_api.patch(one, {"focus": None}).json()["focus"] is None
    assert alices_api.post(f"{address}/captions", {"find": "pear", "put": "fig"}).json() == {"changed": 1}
    assert alices_api.post(f"{address}/captions", {"before": "sks"}).json() == {"changed": 4}
    assert alices_api.post(f"{address}/captions", {"find": "a", "before": "b"}).status_code == 400
    assert alices_api.post(f"{address}/captions", {}).status_code == 400


def test_own_pictures_come_in(alices_api: APIClient, alice: User, make_dataset: Any, draw: Any) -> None:
    dataset = make_dataset(alice)
    image = draw(alice, "a plum")
    came = alices_api.post(f"{URL}/{dataset.code}/images", {"images": [image.code, "unknown"]}).json()
    assert [row["caption"] for row in came["added"]] == ["a plum"]


def test_pictures_and_sets_go(alices_api: APIClient, dataset: DataSet) -> None:
    row = dataset.pictures.get(name="0.png")
    assert alices_api.delete(f"{URL}/{dataset.code}/pictures/{row.code}").status_code == 204
    assert dataset.pictures.count() == 3
    assert alices_api.delete(f"{URL}/{dataset.code}").status_code == 204
    assert not DataSet.objects.exists()


def test_charlie_gets_404(charlie: User, dataset: DataSet) -> None:
    api = APIClient()
    api.force_authenticate(charlie)
    row = dataset.pictures.get(name="0.png")
    answers = [
        api.get(f"{URL}/{dataset.code}"),
        api.delete(f"{URL}/{dataset.code}"),
        api.post(f"{URL}/{dataset.code}/pictures", {"files": [upload("a.png", picture(1))]}, format="multipart"),
        api.post(f"{URL}/{dataset.code}/captions", {"find": "a"}),
        api.patch(f"{URL}/{dataset.code}/pictures/{row.code}", {"caption": "x"}),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert api.get(URL).json()["results"] == []
