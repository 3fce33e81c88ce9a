"""Control pictures on the Create page: chosen with and without a script, previewed, refused at their fields."""

from __future__ import annotations

import html
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from generation.imaging import brought
from generation.imaging.encode import encode_image
from generation.imaging.infotext import write_infotext
from generation.models import Checkpoint, ControlNet, Draft, Job, SourcePicture
from generation.recipes.controls import MAX_CONTROLS, PREPROCESSORS
from generation.recipes.picture import Recipe
from generation.web.create.control_pictures import ROWS_OF_ONE, at
from tests.generation.catalog.test_controlnets import annotator, controlnet
from tests.generation.conftest import Draw
from tests.generation.web.conftest import PART
from tests.generation.web.create.test_sources import file

FORM = {"prompt": "a cat", "steps": "8", "count": "1", "size": "own", "width": "128", "height": "64"}


@pytest.fixture(autouse=True)
def no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brought, "extract", lambda picture: None)


@pytest.fixture
def edges(catalog: Checkpoint) -> ControlNet:
    return controlnet("edges-canny")


@pytest.fixture
def source(alices: Client, edges: ControlNet) -> str:
    return str(alices.post("/sources/", {"picture": file(size=(128, 64))}, headers=PART).json()["code"])


def first(**values: Any) -> dict[str, Any]:
    """The form's fields of the first place."""
    return {at(1, name): value for name, value in values.items()}


def last() -> Recipe:
    return Job.objects.latest("pk").recipe


def test_they_become_the_recipes_in_their_order(alices: Client, source: str) -> None:
    controlnet("tiles")
    told = first(name="edges-canny", picture=source, preprocessor="canny", weight="0.7", end="0.5", low="40")
    other = {at(3, "name"): "tiles", at(3, "picture"): source, at(3, "fit"): "fill"}
    assert alices.post("/create/", {**FORM, **told, **other}).status_code == 302
    one, two = last().controls
    assert (one.name, one.picture.code, one.preprocessor) == ("edges-canny", source, "canny")
    assert (one.weight, one.start, one.end, one.low, one.high, one.fit) == (0.7, 0, 0.5, 40, 200, "crop")
    assert (two.name, two.preprocessor, two.weight, two.fit) == ("tiles", "none", 1, "fill")


def test_an_untouched_form_has_none(alices: Client, edges: ControlNet) -> None:
    page = alices.get("/create/").text
    assert page.count("data-control-name") == MAX_CONTROLS
    assert 'value="edges-canny" data-usual="canny"' in page and 'value="luminance"' in page
    assert alices.post("/create/", {**FORM, **first(preprocessor="canny", weight="1", start="0")}).status_code == 302
    assert last().controls == ()


def test_those_of_the_checkpoints_family_are_offered(alices: Client, edges: ControlNet) -> None:
    Checkpoint.objects.create(
        name="big", title="Big", family="sd1", path="big", sha256="b" * 64, native_width=512, native_height=512
    )
    controlnet("big-lines", "sd1")
    annotator()
    annotator("clicks", "segment")
    page = alices.get("/create/").text
    assert 'value="big-lines"' not in page and 'value="far"' in page and 'value="clicks"' not in page
    chosen = first(name="edges-canny", weight="0.4")
    part = alices.get("/create/choices/", {"checkpoint": "big", **chosen}).text
    assert 'value="big-lines"' in part and '<option value="edges-canny" selected>' in part and 'value="0.4"' in part


def test_a_site_without_any_says_so(alices: Client, catalog: Checkpoint) -> None:
    page = alices.get("/create/").text
    assert "No ControlNet fits this checkpoint yet." in page and "data-control-name" not in page


@pytest.mark.parametrize(
    ("change", "at_name", "status", "code"),
    [
        ({"weight": "3"}, "weight", 422, "bad-controls"),
        ({"weight": "much"}, "weight", 400, "invalid"),
        ({"low": "0"}, "low", 422, "bad-controls"),
        ({"fit": "moon"}, "fit", 422, "bad-controls"),
        ({"start": "0.9", "end": "0.1"}, "end", 422, "bad-control-steps"),
        ({"name": "nothing"}, "name", 400, "unknown-controlnet"),
        ({"name": "others"}, "name", 400, "wrong-family"),
        ({"name": ""}, "name", 400, "no-controlnet"),
        ({"picture": "gone"}, "picture", 404, "unknown-picture"),
        ({"picture": ""}, "picture", 400, "no-picture"),
        ({"preprocessor": "magic"}, "preprocessor", 400, "unknown-preprocessor"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    alices: Client, source: str, change: dict[str, str], at_name: str, status: int, code: str
) -> None:
    controlnet("others", "sd1")
    told = {"name": "edges-canny", "picture": source, **change}
    answer = alices.post("/create/", {**FORM, **first(**told)}, headers=PART)
    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == (at(1, at_name), code) and not Job.objects.exists()
    page = alices.post("/create/", {**FORM, **first(**told)})
    assert error["detail"] in html.unescape(page.text.split(f'data-refusals="{at(1, at_name)}"')[1][:600])


def test_files_alone_are_enough_without_a_script(alices: Client, edges: ControlNet) -> None:
    page = alices.get("/create/").text
    assert 'type="file" name="control1_file"' in page
    sent = {**FORM, **first(name="edges-canny", preprocessor="canny"), "control1_file": file(size=(96, 64))}
    assert alices.post("/create/", sent)["Location"] == "/create/"
    (pick,) = last().controls
    assert pick.picture.code == SourcePicture.objects.get().code == Draft.objects.get().fields["control1_picture"]
    page = html.unescape(alices.get("/create/").text)
    assert f"/sources/{pick.picture.code}/control?preprocessor=canny&low=100&high=200&fit=crop&size=128x64" in page


def test_a_bad_file_is_refused_at_its_field_and_the_others_stay(alices: Client, edges: ControlNet) -> None:
    files = {"source_file": file(), "control1_file": SimpleUploadedFile("x.png", b"nothing")}
    answer = alices.post("/create/", {**FORM, **first(name="edges-canny"), **files}, headers=PART)
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("control1_picture", "unknown-format")
    assert Draft.objects.get().fields["source"] == SourcePicture.objects.get().code


def test_a_recipe_brings_its_own(alices: Client, source: str) -> None:
    told = first(name="edges-canny", picture=source, preprocessor="canny", weight="0.7", low="40")
    alices.post("/create/", {**FORM, **told, "seed": "7"})
    job = Job.objects.get()
    alices.post("/create/draft/", {"prompt": "old", at(2, "name"): "edges-canny", at(2, "picture"): source})
    page = alices.get(f"/create/?job={job.code}").text
    assert 'value="0.7"' in page and 'value="40"' in page and f'<option value="{source}" selected>' in page
    assert page.count('value="edges-canny" data-usual="canny" selected') == 1
    text = write_infotext(job.recipe)
    picture = SimpleUploadedFile("found.png", encode_image(Image.new("RGB", (128, 64)), "png", recipe_text=text))
    alices.post("/create/read/", {"picture": picture})
    fields = Draft.objects.get().fields
    assert (fields["control1_name"], fields["control1_weight"]) == ("edges-canny", "0.7")
    alices.post("/create/", {**FORM, **{name: value for name, value in fields.items() if name.startswith("control")}})
    assert last().controls == job.recipe.controls


def test_a_picture_is_taken_from_its_own_page(alices: Client, alice: User, source: str, draw: Draw) -> None:
    assert f'href="/create/?control={source}"' in alices.get("/sources/").text
    image = draw(alice)
    link = f"/create/?control={image.code}"
    assert f'href="{link}"' in alices.get(f"/images/{image.code}/").text
    assert f'<option value="{image.code}" selected>The chosen one · ' in alices.get(link).text
    alices.post("/create/draft/", {**FORM, at(1, "picture"): "before"})
    page = alices.get("/create/", {"control": source}).text
    assert f'<option value="{source}" selected>' in page.split('name="control2_picture"')[1].split("</select>")[0]
    assert "This picture is not there any more." in page


def test_they_are_priced_before_the_press(alices: Client, source: str) -> None:
    asked = {**FORM, "size": "1024x512", "steps": "40"}
    held = {**asked, **first(name="edges-canny", picture=source)}
    plain, more = (alices.get("/create/price/", fields).json()["credits"] for fields in (asked, held))
    assert more > plain


def test_what_is_read_is_shown(alices: Client, alice: User, source: str, draw: Draw) -> None:
    image = draw(alice)
    for code in (source, image.code):
        for preprocessor in PREPROCESSORS:
            asked = {"preprocessor": preprocessor, "size": "128x64", "low": "40", "high": "", "fit": "fill"}
            answer = alices.get(f"/sources/{code}/control", asked)
            assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp"), preprocessor
            assert Image.open(io.BytesIO(answer.content)).size == (128, 64)
    assert Image.open(io.BytesIO(alices.get(f"/sources/{source}/control").content)).size == (128, 64)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"preprocessor": "far"}, 400, "no-preview"),
        ({"low": "x"}, 422, "bad-low"),
        ({"high": "900"}, 422, "bad-controls"),
        ({"size": "8x8"}, 422, "bad-width"),
    ],
)
def test_what_cannot_be_shown_is_said(
    alices: Client, source: str, asked: dict[str, str], status: int, code: str
) -> None:
    answer = alices.get(f"/sources/{source}/control", asked, headers=PART)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_charlie_sees_nothing_of_it(charlies: Client, source: str) -> None:
    assert charlies.get(f"/sources/{source}/control").status_code == 404
    answer = charlies.post("/create/", {**FORM, **first(name="edges-canny", picture=source)}, headers=PART)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (404, "control1_picture")


def test_the_help_page_explains_each(client: Client, db: None) -> None:
    page = html.unescape(client.get("/help/controls/").text)
    assert 'id="control-pictures"' in page
    for row in ROWS_OF_ONE:
        assert f"<dt>{row.title}</dt>" in page and row.explanation in page
