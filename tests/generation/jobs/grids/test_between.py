"""Ways between two ends: drawn as a grid is, joined to a sheet and to films, which go with their picture."""

from __future__ import annotations

import io

import pytest
from django.test import Client
from PIL import Image

from accounts.models import User
from accounts.refusals import Refusal
from generation.audit.checks import audit
from generation.imaging.provenance import DRAWN_OVER_A_PICTURE
from generation.jobs.deletion import delete_images
from generation.jobs.grids import finishing
from generation.jobs.grids.finishing import finish_ready_grids, redraw
from generation.jobs.grids.submission import submit_grid
from generation.jobs.pinning import picture_of
from generation.jobs.sources import delete_expired
from generation.jobs.upkeep import orphans, remove_files
from generation.models import Checkpoint, GeneratedImage, Job, LabGrid
from generation.recipes.grids.between import Between
from generation.recipes.grids.plan import GridPlan
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef
from generation.storage import files
from tests.architecture.access_things import finished_image
from tests.generation.jobs.grids.test_grids import draw_all
from tests.generation.jobs.test_sources import bring, over

BASE = Recipe("a red apple", width=64, height=64, steps=4, seed=7)


@pytest.fixture
def way(alice: User, catalog: Checkpoint) -> LabGrid:
    grid = submit_grid(alice, GridPlan(BASE, between=Between("seeds", 4, 10, seed=9)))
    draw_all()
    assert finish_ready_grids() == 1
    return LabGrid.objects.get(pk=grid.pk)


def frames_of(name: str) -> int:
    with Image.open(io.BytesIO(files.read(name))) as picture:
        return picture.n_frames  # type: ignore[attr-defined, no-any-return]


def test_it_becomes_a_sheet_and_two_films(way: LabGrid, alices: Client) -> None:
    image = way.image
    assert frames_of(image.animation_file) == 6 and files.read(image.film_file)[4:8] == b"ftyp"
    assert "Script: Between, Between: seeds, Between frames: 4" in image.infotext
    page = alices.get(f"/studio/lab/grids/{way.code}/").text
    assert "<video" in page and f"/studio/lab/grids/{way.code}/film.webp" in page
    film = alices.get(f"/studio/lab/grids/{way.code}/film.mp4")
    assert (film["Content-Type"], film.content) == ("video/mp4", files.read(image.film_file))


def test_what_was_not_drawn_is_left_out_of_the_film(alice: User, catalog: Checkpoint) -> None:
    grid = submit_grid(alice, GridPlan(BASE, between=Between("prompts", 3, loop=False, prompt="a blue car")))
    draw_all(failing=1)
    finish_ready_grids()
    assert frames_of(GeneratedImage.objects.get(grid=grid).animation_file) == 2


def test_a_lone_picture_is_no_film(alice: User, catalog: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> bytes:
        raise RuntimeError("no encoder")

    monkeypatch.setattr(finishing, "encode_film", broken)
    grid = submit_grid(alice, GridPlan(BASE, between=Between("seeds", 3, seed=9)))
    draw_all()
    finish_ready_grids()
    image = GeneratedImage.objects.get(grid=grid)
    assert image.animation_file and not image.film_file


def test_films_go_with_their_picture(way: LabGrid, alice: User) -> None:
    names = {way.image.animation_file, way.image.film_file}
    assert not names & {*orphans()} and names < {*way.image.file_names}
    delete_images(alice, [way.image.code])
    remove_files(GeneratedImage.objects.filter(pk=way.image.pk))
    assert not any(files.is_there(name) for name in names)


def test_a_lost_film_is_made_again(way: LabGrid) -> None:
    files.discard(way.image.film_file, way.image.animation_file)
    assert {found.code for found in audit()} >= {"grid-file-missing"}
    redraw(way.image)
    assert files.is_there(way.image.film_file) and frames_of(way.image.animation_file) == 6


def test_between_pictures_both_must_be_ones_own(alice: User, charlie: User, catalog: Checkpoint) -> None:
    own, other = finished_image(alice), finished_image(charlie)
    GeneratedImage.objects.filter(pk=other.pk).update(sha256="d" * 64)
    ends = (PictureRef(own.sha256, 64, 64, own.code), PictureRef("d" * 64, 64, 64, other.code))
    with pytest.raises(Refusal) as refused:
        submit_grid(alice, GridPlan(BASE, between=Between("pictures", 3, pictures=ends)))
    assert refused.value.code == "unknown-picture" and not LabGrid.objects.exists()


def test_a_way_between_photographs_says_so_and_keeps_them(alice: User, catalog: Checkpoint) -> None:
    ends = tuple(picture_of(alice, bring(alice, colour).code) for colour in ("red", "blue"))
    grid = submit_grid(alice, GridPlan(BASE, between=Between("pictures", 3, pictures=ends)))
    draw_all()
    finish_ready_grids()
    image = GeneratedImage.objects.get(grid=grid)
    for name in (image.file, image.animation_file, image.film_file):
        assert DRAWN_OVER_A_PICTURE.encode() in files.read(name), name
    cells = GeneratedImage.objects.filter(job__submission=grid.submission)
    delete_images(alice, [each.code for each in cells])
    remove_files(cells)
    over()
    assert delete_expired() == 0, "the sheet's recipe names them"
    delete_images(alice, [image.code])
    remove_files(GeneratedImage.objects.filter(pk=image.pk))
    assert delete_expired() == 2


FORM = {"mode": "between", "prompt": "a red apple", "seed": 7, "steps": 4, "frames": 3, "rate": 6}


def test_the_lab_draws_ways(alices: Client, alice: User, catalog: Checkpoint) -> None:
    assert alices.post("/studio/lab/quote/", FORM).json()["count"] == 3
    sent = alices.post("/studio/lab/", {**FORM, "way": "prompts", "other_prompt": "a blue car", "loop": "on"})
    grid = LabGrid.objects.get()
    assert sent["Location"] == f"/studio/lab/grids/{grid.code}/"
    way = grid.plan.between
    assert way is not None and way == Between("prompts", 3, 6, True, way.seed, "a blue car")
    again = alices.get(f"/studio/lab/?grid={grid.code}").text
    assert 'value="prompts" selected' in again and "a blue car</textarea>" in again


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frames": 2}, "Pictures on the way must lie between 3 and 64."),
        ({"way": "prompts"}, "Write a prompt first"),
        ({"way": "pictures", "first_picture": "nope"}, "no such picture"),
        ({"frames": 40}, "your plan draws at most"),
    ],
)
def test_what_is_wrong_is_said(alices: Client, catalog: Checkpoint, change: dict[str, object], said: str) -> None:
    answer = alices.post("/studio/lab/", {**FORM, **change})
    assert answer.status_code in (400, 404, 422) and said in answer.text
    assert not Job.objects.exists()
