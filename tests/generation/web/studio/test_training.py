"""A new training: presets set the knobs, the price follows the form, the button starts a run or a search."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.credits import grant
from accounts.models import Plan, User
from generation.models import Checkpoint, DataSet, TrainingRun, TrainingSearch
from generation.recipes.presets import PRESETS
from generation.training.datasets.splitting import set_split
from generation.web.studio.training_forms import TRAINING_SETTINGS
from tests.conftest import credits_of
from tests.generation.web.studio.studio_things import dataset, make_dataset, own_media, run_of

__all__ = ["dataset", "make_dataset", "own_media"]

pytestmark = pytest.mark.usefixtures("catalog")


def new(dataset: DataSet, part: str = "", **query: str) -> str:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return f"/studio/runs/new/{part}?dataset={dataset.code}{more}"


def filled(client: Client, dataset: DataSet, **changes: Any) -> dict[str, Any]:
    """The form as a browser would send it, with changes."""
    initial = client.get(new(dataset)).context["form"].initial
    return {name: value for name, value in {**initial, **changes}.items() if value not in (False, "")}


def test_it_works(alices: Client, alice: User, dataset: DataSet) -> None:
    page = alices.get(new(dataset))
    assert all(preset.title in page.text for preset in PRESETS.values())
    assert all(each.sentence.replace("'", "&#x27;") in page.text for each in TRAINING_SETTINGS.values())
    quote = page.context["quote"]
    before = credits_of(alice)
    begun = alices.post(new(dataset), filled(alices, dataset, name="noto", rank="4"))
    run = TrainingRun.objects.get()
    assert begun.headers["Location"] == f"/studio/runs/{run.code}/"
    assert (run.name, run.recipe.rank, run.recipe.trigger, run.recipe.steps) == ("noto", 4, "noto style", 2500)
    assert run.credits == quote.credits == before - credits_of(alice)


def test_presets_set_the_knobs(alices: Client, dataset: DataSet) -> None:
    quick = alices.get(new(dataset, "knobs/", preset="quick")).text
    assert 'name="steps" value="500"' in quick and 'name="sample_every" value="100"' in quick
    assert 'name="steps" value="2500"' in alices.get(new(dataset, "knobs/", preset="what")).text
    assert 'value="quick" checked' in alices.get(new(dataset, preset="quick")).text


def test_the_price_follows_the_form(alices: Client, dataset: DataSet) -> None:
    def price(**changes: Any) -> int:
        answer = alices.get(new(dataset, "quote/"), {"dataset": dataset.code, **filled(alices, dataset, **changes)})
        assert answer.status_code == 200
        return int(answer.context["quote"].credits or 0)

    assert price(steps="2500") > 4 * price(steps="500") > 0
    assert price(steps="") == price(steps="2500"), "what is left empty is the preset's"


def test_why_it_cannot_be_pressed_is_said(alices: Client, alice: User, dataset: DataSet, make_dataset: Any) -> None:
    def said(of: DataSet, **changes: Any) -> Any:
        return alices.get(new(of, "quote/"), {"dataset": of.code, **filled(alices, of, **changes)}).context["quote"]

    assert "3 to 200 pictures" in said(make_dataset(alice, 1, "Few")).sentence
    assert "at most" in said(dataset, rank="999").sentence or "less than" in said(dataset, rank="999").sentence
    Plan.objects.update(max_training_steps=100)
    assert "at most 100 steps" in said(dataset).sentence
    Plan.objects.update(max_training_steps=20_000)
    dear = said(dataset, steps="20000", batch="16")
    assert not dear.enough and "you have" in dear.sentence


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("name", "two words", 400),
        ("rank", "0", 400),
        ("steps", "x", 400),
        ("parts", "nothing", 400),
        ("resolution", "65", 422),
    ],
)
def test_refusals_stand_at_their_field(alices: Client, dataset: DataSet, field: str, value: str, status: int) -> None:
    page = alices.post(new(dataset), filled(alices, dataset, **{field: value}))
    assert page.status_code == status
    assert page.context["form"].errors[field]
    assert "field__errors" in page.text
    assert not TrainingRun.objects.exists()


def test_ticks_and_lines_are_read(alices: Client, dataset: DataSet) -> None:
    fields = {"flip": "on", "parts": ["attention", "convolution"], "sample_prompts": "a cat\r\n\r\n a dog "}
    form = filled(alices, dataset, **fields)
    form.pop("cache")
    alices.post(new(dataset), form)
    recipe = TrainingRun.objects.get().recipe
    assert (recipe.flip, recipe.cache, recipe.parts) == (True, False, ("attention", "convolution"))
    assert recipe.sample_prompts == ("a cat", "a dog")


def test_an_earlier_recipe_is_used_again(alices: Client, alice: User, dataset: DataSet) -> None:
    run = run_of(alice, dataset)
    page = alices.get(new(dataset, run=run.code))
    assert page.context["form"].initial["sample_prompts"] == "a noto apple\na noto house"


def test_the_time_is_guessed_from_earlier_ones(alices: Client, alice: User, dataset: DataSet) -> None:
    assert alices.get(new(dataset)).context["quote"].took == ""
    alices.post(new(dataset), filled(alices, dataset, name="noto"))
    run = TrainingRun.objects.get()
    assert (run.recipe.resolution, run.recipe.folds) == (128, 3), "settled, as an open resolution is not"
    run.state, run.step, run.finished_at = "done", run.steps, timezone.now()
    run.started_at = run.finished_at - timedelta(minutes=8)
    run.save()
    assert alices.get(new(dataset)).context["quote"].took == "About 8 min", "the same again takes as long again"
    half = alices.get(new(dataset, "quote/"), {"dataset": dataset.code, **filled(alices, dataset, steps="1250")})
    assert half.context["quote"].took == "About 4 min"
    one = alices.get(new(dataset, "quote/"), {"dataset": dataset.code, **filled(alices, dataset, folds="1")})
    assert one.context["quote"].took == "About 2 min", "three folds and the LoRA itself learn four times as much"


def test_what_is_held_out_follows_the_form(alices: Client, dataset: DataSet) -> None:
    assert "Learns all 4 pictures, each held out in turn" in alices.get(new(dataset)).text
    one = alices.get(new(dataset, "quote/"), {"dataset": dataset.code, **filled(alices, dataset, folds="1")})
    assert "3 pictures to train on, 1 held out" in one.text
    set_split(dataset, 2, seed=0)
    assert "2 pictures to train on, 2 held out" in alices.get(new(dataset)).text, "who sets a number has one split"


def test_a_search_is_priced_and_begun(alices: Client, alice: User, dataset: DataSet) -> None:
    grant(alice, 500, reference="search")
    tried = {"axis_rank": "4, 8", "axis_learning_rate": "0.001,0.0005", "budget": "400", "name": "which"}
    form = filled(alices, dataset, **tried)
    quote = alices.get(new(dataset, "quote/"), {"dataset": dataset.code, **form}).context["quote"]
    assert quote.search_enough and quote.search_credits < 4 * quote.credits
    begun = alices.post(new(dataset), {**form, "search": "1"})
    search = TrainingSearch.objects.get()
    assert begun.headers["Location"] == f"/studio/searches/{search.code}/"
    assert search.axes == {"rank": [4, 8], "learning_rate": [0.001, 0.0005]}
    page = alices.get(f"/studio/searches/{search.code}/").text
    assert page.count('scope="row"') == 4 and "Learning rate" in page
    assert alices.get(f"/studio/searches/{search.code}/results/").text.strip() in page
    assert alices.post(f"/studio/searches/{search.code}/delete/", follow=True).text.count("has not ended") == 1
    assert f'href="/studio/searches/{search.code}/cancel/" data-opens=' in page
    question = alices.get(f"/studio/searches/{search.code}/cancel/").text
    assert ">Cancel the search</button>" in question and ">Let it go on</a>" in question
    assert alices.post(f"/studio/searches/{search.code}/cancel/").status_code == 302
    search.refresh_from_db()
    assert search.state == "cancelled"
    assert 'data-opens="delete-search"' in alices.get(f"/studio/searches/{search.code}/").text
    assert ">Delete the search</button>" in alices.get(f"/studio/searches/{search.code}/delete/").text
    assert alices.post(f"/studio/searches/{search.code}/delete/").headers["Location"] == "/studio/"
    assert "“which” is deleted" in alices.get("/studio/").text


def test_a_search_that_makes_no_sense_is_refused(alices: Client, dataset: DataSet) -> None:
    for tried, status in (({"axis_rank": "four"}, 422), ({"axis_rank": "4"}, 400), ({}, 400)):
        page = alices.post(new(dataset), {**filled(alices, dataset, **tried), "search": "1"})
        assert page.status_code == status, tried
    assert not TrainingSearch.objects.exists()


def test_charlie_gets_404(charlies: Client, dataset: DataSet, alice: User) -> None:
    search = TrainingSearch.objects.create(owner=alice, name="rates", axes={}, recipe_json={}, budget=9)
    for part in ("", "knobs/", "quote/"):
        assert charlies.get(new(dataset, part)).status_code == 404, part
    assert charlies.post(new(dataset)).status_code == 404
    for part in ("", "results/"):
        assert charlies.get(f"/studio/searches/{search.code}/{part}").status_code == 404
    for verb in ("cancel", "delete"):
        assert charlies.post(f"/studio/searches/{search.code}/{verb}/").status_code == 404


def test_a_site_without_checkpoints_says_so(alices: Client, dataset: DataSet) -> None:
    Checkpoint.objects.all().delete()
    assert alices.get(new(dataset)).context["quote"].credits is None


def test_an_empty_data_set_says_what_is_missing(alices: Client, alice: User, make_dataset: Any) -> None:
    assert "3 to 200 pictures" in alices.get(new(make_dataset(alice, 0, "Empty"))).context["quote"].sentence


def test_a_things_kind_is_asked_for(alices: Client, dataset: DataSet) -> None:
    """The page opens and says what is missing; with the kind named, or without the prior, it has a price."""
    page = alices.get(new(dataset, preset="thing"))
    assert "Name the kind of thing" in page.text and page.context["quote"].credits is None
    fields = page.context["form"].initial
    assert fields["prior_weight"] == "1"
    said = {name: value for name, value in fields.items() if value not in (False, "")}
    refused = alices.post(new(dataset), said)
    assert refused.status_code == 422 and refused.context["form"].errors["prior_prompt"]
    for more in ({"prior_prompt": "a cat"}, {"prior_weight": "0"}):
        quote = alices.get(new(dataset, "quote/"), {"dataset": dataset.code, **said, **more}).context["quote"]
        assert quote.credits, more
