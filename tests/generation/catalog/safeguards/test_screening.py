"""Every road that makes pictures asks the rules: what they block is not made, not charged, and recorded."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import CreditEntry, User
from accounts.refusals import Refusal
from generation.catalog.safeguards.versions import publish
from generation.jobs.grids.submission import submit_grid
from generation.jobs.submission import prepare, submit_jobs
from generation.models import (
    Checkpoint,
    Job,
    LabGrid,
    PhraseList,
    PromptRule,
    RulePart,
    SafeguardRecord,
    TrainingRun,
    TrainingSearch,
    Wildcard,
)
from generation.recipes.enlarging import Hires
from generation.recipes.grids.axes import Axis
from generation.recipes.grids.plan import GridPlan
from generation.recipes.picture import Recipe
from generation.training.runs.submission import submit_training
from generation.training.searches.submission import submit_search
from tests.conftest import credits_of
from tests.generation.training.conftest import dataset, make_dataset, small_recipe, tiny

__all__ = ["dataset", "make_dataset", "tiny"]


@pytest.fixture
def clay(db: None) -> PromptRule:
    """“Clay” is blocked, and so is “gold” in a prompt with “mud” in the negative one."""
    clays = PhraseList.objects.create(name="clay", title="Clay", phrases="clay\nsoft clay")
    golds = PhraseList.objects.create(name="gold", title="Gold", phrases="gold")
    muds = PhraseList.objects.create(name="mud", title="Mud", phrases="mud")
    rule = PromptRule.objects.create(name="clay", title="No clay", effect="block", sentence="Clay is not made here.")
    RulePart.objects.create(rule=rule, phrases=clays)
    other = PromptRule.objects.create(name="gold", title="No gold", effect="block")
    RulePart.objects.create(rule=other, phrases=golds)
    RulePart.objects.create(rule=other, phrases=muds, place="negative_prompt")
    publish()
    return rule


def small(prompt: str = "a red apple", **fields: Any) -> Recipe:
    return Recipe(**{"prompt": prompt, "width": 128, "height": 128, "steps": 4, "seed": 7, **fields})


def refused(user: User, recipe: Recipe, count: int = 1) -> Refusal:
    with pytest.raises(Refusal) as caught:
        submit_jobs(user, recipe, count)
    assert caught.value.code == "prompt-rule"
    assert not Job.objects.exists() and not CreditEntry.objects.filter(kind="hold").exists()
    assert credits_of(user) == 1000
    return caught.value


def test_it_names_rule_field_and_words_and_charges_nothing(alice: User, catalog: Checkpoint, clay: PromptRule) -> None:
    refusal = refused(alice, small("a pot of S\u200boft Clаy"), 3)
    assert refusal.field == "prompt"
    assert refusal.message == "Clay is not made here. The prompt says “Soft Clаy” (rule “No clay”)."
    (row,) = SafeguardRecord.objects.all()
    assert (row.user, row.effect, row.field, row.words) == (alice, "block", "prompt", ["Soft Clаy"])
    assert row.version.rule == "clay" and row.version.number == 1
    assert row.text == "a pot of S\u200boft Clаy"


def test_both_prompts_are_read_together(alice: User, catalog: Checkpoint, clay: PromptRule) -> None:
    refusal = refused(alice, small("gold", negative_prompt="mud"))
    assert refusal.message == "The prompt says “gold” and “mud” (rule “No gold”)."
    assert submit_jobs(alice, small("gold", negative_prompt="clay"))


def test_the_words_of_a_second_pass_are_read_as_its_own(alice: User, catalog: Checkpoint, clay: PromptRule) -> None:
    refusal = refused(alice, small(hires=Hires(1.5, prompt="a clay pot")))
    assert refusal.field == "hires_prompt"
    assert refusal.message == "Clay is not made here. The second pass's prompt says “clay” (rule “No clay”)."
    assert refused(alice, small("gold", hires=Hires(1.5, negative_prompt="mud"))).field == "prompt"


def test_what_is_drawn_counts_and_not_what_was_typed(alice: User, catalog: Checkpoint, clay: PromptRule) -> None:
    Wildcard.objects.create(name="earth", lines="clay")
    refused(alice, small("a pot of __earth__"))
    refused(alice, small("a pot of {clay|clay}"))
    assert submit_jobs(alice, small("a pot # of clay"))


def test_the_same_within_a_while_is_recorded_once(
    alice: User, charlie: User, catalog: Checkpoint, clay: PromptRule
) -> None:
    for prompt in ("clay", "clay pot", "clay"):
        refused(alice, small(prompt))
    assert SafeguardRecord.objects.count() == 1
    with pytest.raises(Refusal):
        submit_jobs(charlie, small("clay"))
    assert SafeguardRecord.objects.count() == 2


@pytest.mark.parametrize("effect", ["review", "note"])
def test_a_weaker_rule_lets_it_be_made_and_is_recorded_once(
    alice: User, catalog: Checkpoint, clay: PromptRule, effect: str
) -> None:
    PromptRule.objects.filter(name="clay").update(effect=effect)
    publish()
    assert len(submit_jobs(alice, small("clay"), 4)) == 4
    (row,) = SafeguardRecord.objects.all()
    assert (row.effect, row.version.number) == (effect, 2)


def test_a_rule_that_is_off_says_nothing(alice: User, catalog: Checkpoint, clay: PromptRule) -> None:
    PromptRule.objects.update(is_enabled=False)
    assert submit_jobs(alice, small("clay"))
    assert not SafeguardRecord.objects.exists()


def test_a_quote_asks_nobody(alice: User, catalog: Checkpoint, clay: PromptRule) -> None:
    assert prepare(alice, small("clay"), 1)
    assert not SafeguardRecord.objects.exists()


def test_grids(alice: User, catalog: Checkpoint, clay: PromptRule) -> None:
    plan = GridPlan(small("a pot of wood"), (Axis.read("prompt", "wood, clay", "wood"),))
    with pytest.raises(Refusal) as caught:
        submit_grid(alice, plan)
    assert caught.value.code == "prompt-rule"
    assert not LabGrid.objects.exists() and not Job.objects.exists()
    assert SafeguardRecord.objects.get().words == ["clay"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("sample_prompts", ("a pot", "soft clay")), ("prior_prompt", "clay"), ("trigger", "clay"), ("caption", None)],
)
def test_trainings_and_searches(alice: User, dataset: Any, tiny: Any, clay: PromptRule, field: str, value: Any) -> None:
    fields = {field: value} if value else {}
    if field == "caption":
        dataset.pictures.filter(pk=dataset.pictures.first().pk).update(caption="made of clay")
    if field == "prior_prompt":
        fields["prior_weight"] = 0.5
    recipe = small_recipe(**fields)
    for submit in (
        lambda: submit_training(alice, dataset, recipe, "pots"),
        lambda: submit_search(alice, dataset, recipe, "pots", {"learning_rate": [1e-3, 1e-4]}),
    ):
        with pytest.raises(Refusal) as caught:
            submit()
        assert (caught.value.code, caught.value.field) == ("prompt-rule", field)
    assert not TrainingRun.objects.exists() and not TrainingSearch.objects.exists()


def test_the_page_says_it_at_the_field(alices: Client, alice: User, catalog: Checkpoint, clay: PromptRule) -> None:
    fields = {"prompt": "clay", "width": 128, "height": 128, "steps": 4, "count": 1}
    answer = alices.post("/create/", fields)
    assert answer.status_code == 400
    assert "rule “No clay”" in answer.text


def test_the_api_says_it_in_problem_json(alices_api: Any, catalog: Checkpoint, clay: PromptRule) -> None:
    answer = alices_api.post("/api/v1/jobs", {"prompt": "clay", "width": 128, "height": 128, "steps": 4})
    assert answer.status_code == 400
    assert answer.json()["code"] == "prompt-rule"
    assert not Job.objects.exists()


def test_rules_that_were_read_once_cost_one_query(
    alice: User, clay: PromptRule, django_assert_num_queries: Any
) -> None:
    from generation.catalog.safeguards.screening import Screened, screen

    screen(alice, [Screened("wood")])
    with django_assert_num_queries(1):
        screen(alice, [Screened(f"wood {number}") for number in range(36)])
