"""The page of a training: curve, contact sheet, verbs, downloads; its parts are the page's own; nobody else's."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts.credits import balance_of
from accounts.models import User
from generation.models import DataSet, TrainingRun
from generation.training.runs.selection import CHOSEN
from tests.generation.web.conftest import PART
from tests.generation.web.studio.studio_things import PROMPTS, dataset, learned, make_dataset, own_media, run_of

__all__ = ["dataset", "make_dataset", "own_media"]


@pytest.fixture
def run(alice: User, dataset: DataSet) -> TrainingRun:
    """Alice's, three fifths done."""
    return learned(run_of(alice, dataset, state="running"))


def home_of(run: TrainingRun) -> str:
    return f"/studio/runs/{run.code}/"


def test_it_works(alices: Client, run: TrainingRun) -> None:
    page = alices.get(home_of(run)).text
    assert "1,500 of 2,500 steps · 75 s left" in page
    assert page.count('class="sheet__step"') == 4
    assert all(f"{prompt}, at step 1000" in page for prompt in PROMPTS)
    assert all(f"<span>{prompt}</span>" in page for prompt in PROMPTS), "each row has its head"
    assert "Samples look like “apple.png”: learned by heart. The closest differs in 9 of 256 bits." in page
    assert page.count('<td class="amount">90') == 3 and page.count("Up to 31: the same picture") == 1
    assert "the latents of the checkpoint's own VAE" in page
    assert "35 % below the start" in page


def test_the_curve_is_drawn_and_read_off(alices: Client, run: TrainingRun) -> None:
    page = alices.get(home_of(run)).text
    found = re.search(r'data-curve="([^"]*)"', page)
    assert found
    points = json.loads(unescape(found.group(1)))
    assert points[0][0] == 0 and points[-1][0] == 1500 and len(points) == 151
    assert re.search(r'class="curve__validation" d="M0 [\d.]+ L20 ', page)
    assert 'class="curve__best" d="M200 ' in page
    assert ">1,500</span>" in page and ">2,500</span>" in page


def test_before_the_first_step_there_is_a_sentence(alices: Client, alice: User) -> None:
    page = alices.get(home_of(run_of(alice))).text
    assert "The curve begins with the first steps." in page
    assert "Next in line" in page
    assert 'data-opens="stop-run"' not in page, "there is nothing to keep yet"


@pytest.mark.parametrize("name", ["head", "curve", "sheet"])
def test_parts_are_those_of_the_page(alices: Client, run: TrainingRun, name: str) -> None:
    part = alices.get(f"{home_of(run)}parts/{name}/")
    plain = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", part.text).strip()
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", alices.get(home_of(run)).text)
    assert plain and plain in page


def test_charlie_gets_404(charlies: Client, run: TrainingRun) -> None:
    for part in ("", "parts/head/", "parts/curve/", "parts/sheet/", "snapshots/500/file", "snapshots/500/0"):
        assert charlies.get(home_of(run) + part).status_code == 404, part
    for part in ("pause/", "resume/", "stop/", "discard/", "delete/", "snapshots/500/choose/"):
        assert charlies.post(home_of(run) + part).status_code == 404, part
    run.refresh_from_db()
    assert run.requested_action == ""


@pytest.mark.parametrize(("verb", "requested_action"), [("pause", "pause"), ("stop", "stop")])
def test_a_running_one_keeps_the_requested_action(
    alices: Client, run: TrainingRun, verb: str, requested_action: str
) -> None:
    assert alices.post(f"{home_of(run)}{verb}/").headers["Location"] == home_of(run)
    run.refresh_from_db()
    assert run.requested_action == requested_action
    assert alices.post(f"{home_of(run)}what/").status_code == 404
    asks_first = verb == "stop"
    assert alices.get(f"{home_of(run)}{verb}/").status_code == (200 if asks_first else 405)


@pytest.mark.parametrize(
    ("address", "act", "stay"),
    [
        ("stop/", "Stop and keep", "Let it go on"),
        ("discard/", "Discard the training", "Let it go on"),
        ("delete/", "Delete the training", "Keep the training"),
    ],
)
def test_without_a_script_the_question_is_a_page(
    alices: Client, run: TrainingRun, address: str, act: str, stay: str
) -> None:
    if address == "delete/":
        TrainingRun.objects.update(state="done")
    page = alices.get(home_of(run)).text
    assert re.search(rf'href="{home_of(run)}{address}"\s+data-opens=', page)
    dialog = page.partition(f'action="{home_of(run)}{address}"')[2].partition("</form>")[0]
    question = alices.get(home_of(run) + address).text
    for place in (dialog, question.partition("<main")[2]):
        assert f">{act}</button>" in place and f">{stay}</" in place
        assert place.count("<button") + place.count('class="button') >= 2 and ">Keep</" not in place
    run.refresh_from_db()
    assert run.requested_action == ""


def test_what_cannot_be_done_is_said(alices: Client, run: TrainingRun) -> None:
    answer = alices.post(f"{home_of(run)}resume/", headers=PART)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-paused")
    alices.post(f"{home_of(run)}resume/")
    assert "This training is not paused." in alices.get(home_of(run)).text


def test_a_snapshot_is_chosen_only_of_a_finished_one(alices: Client, run: TrainingRun) -> None:
    assert "Use this one" not in alices.get(home_of(run)).text
    alices.post(f"{home_of(run)}snapshots/1000/choose/")
    page = alices.get(home_of(run)).text
    assert "Only a finished training has snapshots to choose from" in page
    TrainingRun.objects.filter(pk=run.pk).update(state="done")
    assert alices.get(home_of(run)).text.count("Use this one") == 2, "not the bare base, not the chosen one"


def test_the_measured_best_stays_when_another_is_chosen(alices: Client, run: TrainingRun) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(state="done", best_step=1000, best_reason=CHOSEN)
    page = alices.get(home_of(run)).text
    assert 'Best at step <strong class="number">500' in page and 'class="curve__best" d="M200 ' in page
    assert 'Your choice: step <strong class="number">1000' in page
    assert "Step 500 does best on held-out pictures" in page and CHOSEN not in page
    assert page.count("Use this one") == 2, "the best can be chosen again"


def test_the_bare_base_has_learned_nothing_by_heart(alices: Client, alices_api: Any, run: TrainingRun) -> None:
    run.snapshots.filter(step=0).update(memorised=[[0, "house.png"]])
    assert "house.png" not in alices.get(home_of(run)).text
    first = alices_api.get(f"/api/v1/runs/{run.code}").json()["snapshots"][0]
    assert (first["step"], first["memorised"]) == (0, [])


def test_snapshots_are_downloaded_and_samples_shown(alices: Client, run: TrainingRun) -> None:
    file = alices.get(f"{home_of(run)}snapshots/500/file")
    assert file.content == b"weights of step 500"
    assert file.headers["Content-Disposition"] == 'attachment; filename="noto-500.safetensors"'
    assert alices.get(f"{home_of(run)}snapshots/500/1").headers["Content-Type"] == "image/png"
    assert alices.get(f"{home_of(run)}snapshots/500/2").status_code == 404
    assert alices.get(f"{home_of(run)}snapshots/501/file").status_code == 404


def test_an_ended_one_is_deleted_after_a_question(alices: Client, run: TrainingRun) -> None:
    assert 'data-opens="delete-run"' not in alices.get(home_of(run)).text
    alices.post(f"{home_of(run)}delete/")
    assert "This training has not ended." in alices.get(home_of(run)).text
    TrainingRun.objects.update(state="done")
    page = alices.get(home_of(run)).text
    assert 'data-opens="delete-run"' in page and f'action="{home_of(run)}delete/"' in page
    listed = alices.get("/studio/").text
    assert f'data-opens="delete-{run.code}"' in listed and f'action="{home_of(run)}delete/"' in listed
    assert alices.post(f"{home_of(run)}delete/").headers["Location"] == "/studio/"
    assert "“noto” is deleted" in alices.get("/studio/").text
    assert alices.get(home_of(run)).status_code == 404


def test_weights_that_were_given_up_are_not_offered(alices: Client, run: TrainingRun) -> None:
    run.snapshots.filter(step=500).update(file="")
    page = alices.get(home_of(run)).text
    assert "snapshots/500/file" not in page and "snapshots/1000/file" in page
    assert alices.get(f"{home_of(run)}snapshots/500/file").status_code == 404


def test_what_was_held_out_is_said_as_it_was(alices: Client, alice: User) -> None:
    alone = run_of(alice)
    assert "7 pictures to train on, 2 held out." in alices.get(home_of(alone)).text
    folded = run_of(alice, recipe_json=alone.recipe.replace(folds=3).to_json())
    assert "Learns all 9 pictures, each held out in turn." in alices.get(home_of(folded)).text


def test_a_failed_one_says_why(alices: Client, alice: User) -> None:
    run = run_of(alice, state="failed", error_message="The checkpoint is gone. Your credits are back.")
    page = alices.get(home_of(run)).text
    assert "The checkpoint is gone." in page and "data-live" not in page


def test_a_downloaded_snapshot_is_paid_and_the_page_says_so_before(alices: Client, run: TrainingRun) -> None:
    page = alices.get(home_of(run)).text
    assert "Download this LoRA; the steps up to it are then paid, also if you discard" in page
    assert "but for the steps up to the last snapshot that you downloaded" in page
    assert alices.head(home_of(run) + "snapshots/500/file").status_code == 405
    assert "stay paid" not in alices.get(home_of(run) + "parts/head/").text
    assert alices.get(home_of(run) + "snapshots/500/file").status_code == 200
    assert "8 of them stay paid if you discard it" in alices.get(home_of(run) + "parts/head/").text
    alices.post(home_of(run) + "discard/")
    run.refresh_from_db()
    assert (run.state, run.discard_cost) == ("cancelled", 8)
    assert f'data-left="{balance_of(run.owner)}"' in alices.get(home_of(run) + "parts/head/").text
    assert "8 of them were paid" in alices.get(home_of(run)).text
