"""The lab's pages: the form, its price, a grid that fills in, merges."""

from __future__ import annotations

from html import unescape

import numpy as np
import pytest
from django.test import Client

from accounts.models import User
from generation.jobs.grids.finishing import finish_ready_grids
from generation.jobs.lifecycle import finish_job
from generation.jobs.queueing import claim_next
from generation.models import Checkpoint, LabGrid, Lora, LoraMerge, Vae
from generation.recipes.fields import FIELDS, Number
from generation.recipes.grids.axes import AXES as KINDS
from generation.recipes.sampling import SAMPLERS
from generation.worker.merging import perform_ready_merges
from tests.generation.conftest import Draw

MIX = {"mode": "mix", "prompt": "an apple", "mix": ["fluent-3d", "line-art"], "points": 3, "steps": 4, "seed": 7}
AXES = {
    "mode": "axes", "prompt": "a red apple", "steps": 4, "seed": 7,
    "x_field": "cfg_scale", "x_values": "3, 5", "y_field": "prompt", "y_target": "red", "y_values": "red, green",
}  # fmt: skip


@pytest.fixture
def grid(alices: Client, catalog: Checkpoint) -> LabGrid:
    assert alices.post("/studio/lab/", AXES).status_code == 302
    return LabGrid.objects.get()


def test_the_form_is_priced_and_sent(alices: Client, catalog: Checkpoint) -> None:
    assert "Fluent 3D" in alices.get("/studio/lab/").text
    quoted = {"count": 3, "credits": 3, "enough": True, "left": 1000, "sentence": ""}
    assert alices.post("/studio/lab/quote/", MIX).json() == quoted
    sent = alices.post("/studio/lab/", MIX)
    assert sent["Location"] == f"/studio/lab/grids/{LabGrid.objects.get().code}/"


def test_names_are_chosen_from_lists_and_points_bounded(alices: Client, catalog: Checkpoint) -> None:
    page = unescape(alices.get("/studio/lab/").text)
    lists = {kind: page.partition(f'<datalist id="axis-{kind}">')[2].partition("</datalist>")[0] for kind in KINDS}
    assert all(f'value="{name}"' in lists["sampler"] for name in SAMPLERS)
    assert 'value="fluent-3d">Fluent 3D' in lists["lora"] and 'value="emoji-diffusion"' in lists["checkpoint"]
    assert 'value="no-norm">No norm' in lists["emphasis"] and not lists["steps"]
    assert 'data-points="{"2": [3, 12], "3": [3, 7], "4": [2, 6]}"' in page
    assert "Line: 3 to 12, triangle: 3 to 7, square: 2 to 6" in page
    assert 'hx-post="/create/inspect/"' in page


def test_a_way_between_pictures_takes_the_addresses_of_their_pages(alices: Client, alice: User, draw: Draw) -> None:
    first, second = draw(alice, seed=1), draw(alice, seed=2)
    assert f'href="/studio/lab/?picture={first.code}"' in alices.get(f"/images/{first.code}/").text
    assert f'value="{first.code}"' in alices.get(f"/studio/lab/?picture={first.code}").text
    way = {
        "mode": "between", "way": "pictures", "prompt": "an apple", "other_prompt": "a pear", "sampler": "DDIM",
        "steps": 4, "seed": 7, "frames": 3, "first_picture": f"https://tempera.example/images/{first.code}/",
    }  # fmt: skip
    assert "Name two pictures" in alices.post("/studio/lab/", way).text
    assert alices.post("/studio/lab/", {**way, "second_picture": second.code}).status_code == 302
    between = LabGrid.objects.get().plan.between
    assert between is not None and [each.code for each in between.pictures] == [first.code, second.code]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mix": ["fluent-3d"]}, "two, three or four"),
        ({"points": 40}, "3 to 12 steps"),
        ({"prompt": ""}, "Write a prompt"),
        ({"mix": ["fluent-3d", "nope"]}, "no LoRA"),
        ({"steps": 400}, "Steps must lie"),
        ({"size": "own", "width": 8}, "Width must lie"),
        ({"size": "own", "height": 100, "width": 64}, "Height must be a multiple of 8"),
        ({"negative_prompt": "x" * 2_001}, "at most 2000 are read"),
        ({"sampler": "Oil"}, "There is no sampler"),
    ],
)
def test_what_is_wrong_is_said(alices: Client, catalog: Checkpoint, change: dict[str, object], said: str) -> None:
    page = alices.post("/studio/lab/", {**MIX, **change})
    assert page.status_code in (400, 404, 422) and said in page.text
    assert not LabGrid.objects.exists()


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"prompt"}))
def test_every_field_of_the_recipe_stands_in_every_cell(alices: Client, catalog: Checkpoint, name: str) -> None:
    Vae.objects.create(name="clear", title="Clear", family="mini", path="x", sha256="c" * 64)
    row, page = FIELDS[name], alices.get("/studio/lab/").text
    assert page.count(f'name="{name}"') == 1 and row.explanation in unescape(page)
    if isinstance(row, Number):
        control = page.partition(f'name="{name}"')[2].partition(">")[0]
        assert f'min="{row.limits[0]:g}"' in control and f'max="{row.limits[1]:g}"' in control
    wrong = str(row.limits[1] + 1) if isinstance(row, Number) else "x" * 3_000
    refused = alices.post("/studio/lab/", {**MIX, "size": "own", name: wrong}).text
    assert 'class="fold" open' in refused and row.title in refused.partition('class="fold" open')[2]
    assert not LabGrid.objects.exists()


def test_a_field_of_every_cell_reaches_the_plan(alices: Client, catalog: Checkpoint) -> None:
    assert alices.post("/studio/lab/", {**MIX, "clip_skip": "2", "emphasis": "no-norm"}).status_code == 302
    recipe = LabGrid.objects.get().plan.recipe
    assert (recipe.clip_skip, recipe.emphasis) == (2, "no-norm")


def test_a_grid_fills_in_and_is_made_again(alices: Client, grid: LabGrid) -> None:
    page = alices.get(f"/studio/lab/grids/{grid.code}/").text
    assert page.count('class="tile"') == 4 and "CFG 3" in page and "0 of 4" in page
    while job := claim_next("w"):
        finish_job(job, np.zeros((128, 128, 3), np.uint8), 0.1)
    finish_ready_grids()
    head = alices.get(f"/studio/lab/grids/{grid.code}/sheet/").text
    assert "As one picture" in head and "/publish/" in head
    assert alices.get(f"/images/{LabGrid.objects.get().image.code}/").status_code == 200
    again = alices.get(f"/studio/lab/?grid={grid.code}").text
    assert 'value="3, 5"' in again and 'value="red, green"' in again and 'value="7"' in again


def test_cancelling_the_rest(alices: Client, grid: LabGrid) -> None:
    assert alices.post(f"/studio/lab/grids/{grid.code}/cancel/").status_code == 302
    assert "4 of 4 cells came to nothing" in alices.get(f"/studio/lab/grids/{grid.code}/").text


@pytest.mark.parametrize("part", ["", "sheet/", "cancel/"])
def test_charlie_gets_404(charlies: Client, grid: LabGrid, part: str) -> None:
    address = f"/studio/lab/grids/{grid.code}/{part}"
    assert (charlies.post if part == "cancel/" else charlies.get)(address).status_code == 404
    assert charlies.get(f"/studio/lab/?grid={grid.code}").status_code == 404


def test_a_merge_is_asked_for_and_listed(alices: Client, charlies: Client, catalog: Checkpoint) -> None:
    wish = {"title": "Both", "rank": 8, "merge": ["fluent-3d", "line-art"], "weight-fluent-3d": "0.5"}
    assert alices.post("/studio/lab/merge/", wish).status_code == 302
    assert "Waiting" in alices.get("/studio/lab/merges/").text
    assert [parent["weight"] for parent in LoraMerge.objects.get().parents] == [0.5, 1.0]
    perform_ready_merges()
    assert "/loras/both/" in alices.get("/studio/lab/merges/").text
    assert "Merged from" in alices.get("/loras/both/").text
    assert charlies.get("/loras/both/").status_code == 404 and "Both" not in charlies.get("/studio/lab/merge/").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"merge": ["fluent-3d"]}, "Choose two"),
        ({"weight-fluent-3d": "lots"}, "must lie between"),
        ({"title": ""}, "required"),
        ({"rank": 999}, "256"),
    ],
)
def test_a_merge_that_cannot_be(alices: Client, catalog: Checkpoint, change: dict[str, object], said: str) -> None:
    wish = {"title": "Both", "rank": 8, "merge": ["fluent-3d", "line-art"], **change}
    page = alices.post("/studio/lab/merge/", wish)
    assert page.status_code == 400 and said in page.text and not LoraMerge.objects.exists()


def test_what_may_not_be_downloaded_is_not_offered(alices: Client, charlie: User, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="line-art").update(owner=charlie)
    page = alices.get("/studio/lab/merge/").text
    assert 'value="fluent-3d"' in page and 'value="line-art"' not in page
    refused = alices.post("/studio/lab/merge/", {"title": "Both", "rank": 8, "merge": ["fluent-3d", "line-art"]})
    assert refused.status_code == 400 and "does not let others have its file" in refused.text


def test_a_merge_of_a_dead_worker_is_tried_again_and_then_ends(alice: User, catalog: Checkpoint) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from generation.catalog.merges import queue
    from generation.catalog.merges.submission import submit_merge

    submit_merge(alice, {"fluent-3d": 1.0, "line-art": 1.0}, 8, "Both")
    for state in ("queued", "failed"):
        assert queue.claim_next() is not None and queue.claim_next() is None
        LoraMerge.objects.update(lease_until=timezone.now() - timedelta(hours=1))
        queue.recover()
        assert LoraMerge.objects.get().state == state
