"""submit_jobs: a recipe becomes jobs and holds, or nothing at all happens."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import CreditEntry, Plan, User
from accounts.refusals import Refusal
from generation.jobs.queueing import claim_next
from generation.jobs.submission import submit_jobs
from generation.models import Checkpoint, Job, Lora
from generation.recipes.picture import LoraPick, Recipe
from tests.conftest import credits_of
from tests.generation.conftest import Queue, add_worker


def small(prompt: str = "a red apple", **fields: Any) -> Recipe:
    return Recipe(**{"prompt": prompt, "width": 128, "height": 128, "steps": 4, "seed": 7, **fields})


def refused(user: User, recipe: Recipe, count: int = 1) -> Refusal:
    with pytest.raises(Refusal) as caught:
        submit_jobs(user, recipe, count)
    assert not Job.objects.exists()
    assert not CreditEntry.objects.filter(kind="hold").exists()
    return caught.value


def test_it_works(alice: User, catalog: Checkpoint) -> None:
    jobs = submit_jobs(alice, small(), 3)
    assert [job.recipe.seed for job in jobs] == [7, 8, 9]
    assert {job.state for job in jobs} == {"queued"}
    assert len({job.submission for job in jobs}) == 1
    assert {job.checkpoint_sha256 for job in jobs} == {catalog.sha256}
    assert credits_of(alice) == 1000 - sum(job.credits for job in jobs)
    assert CreditEntry.objects.filter(kind="hold").count() == 3


def test_the_bell_rings_after_the_rows_are_there(
    alice: User, catalog: Checkpoint, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        (job,) = submit_jobs(alice, small())
        assert Job.objects.get(pk=job.pk).announced_at is None
    assert Job.objects.get(pk=job.pk).announced_at is not None


def test_eight_pictures_take_twenty_queries(
    alice: User,
    catalog: Checkpoint,
    django_assert_max_num_queries: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    recipe = small("a {red|green} cat <lora:line-art:0.7> <lora:fluent-3d:0.4>", negative_prompt="dull")
    submit_jobs(alice, recipe)  # their wallet and their place in the queue are there from now on
    with django_assert_max_num_queries(20), django_capture_on_commit_callbacks(execute=True):
        jobs = submit_jobs(alice, recipe, 8)
    assert len({job.prompt for job in jobs}) == 2 and {len(job.recipe.loras) for job in jobs} == {2}
    holds = CreditEntry.objects.filter(kind="hold", reference__in=[job.reference for job in jobs])
    assert sorted(holds.values_list("reference", "amount")) == sorted((job.reference, -job.credits) for job in jobs)
    assert not Job.objects.filter(pk__in=[job.pk for job in jobs], announced_at=None).exists()


def test_more_wakeups_than_slots_are_not_sent(
    alice: User, catalog: Checkpoint, wakeups_sent: list[tuple[Any, ...]], django_capture_on_commit_callbacks: Any
) -> None:
    for slots, sent in ((None, 1), (2, 2), (3, 4)):
        if slots:
            add_worker(f"w{slots}", slots=slots)
        with django_capture_on_commit_callbacks(execute=True):
            submit_jobs(alice, small(), 4)
        assert wakeups_sent == [("generation.tasks.run_next_job",)] * sent, "at least one, at most one a job"
        wakeups_sent.clear()


def test_tags_become_pinned_picks(alice: User, catalog: Checkpoint) -> None:
    (job,) = submit_jobs(alice, small("a cat <lora:line-art:0.7> <lora:fluent-3d:0.2:0.4>"))
    ink, shade = job.recipe.loras
    assert (ink.name, ink.weight, ink.sha256) == ("line-art", 0.7, Lora.objects.get(name="line-art").sha256)
    assert (shade.encoder_weight, shade.weight) == (0.2, 0.4)


def test_picks_beside_the_prompt_are_written_into_it(alice: User, catalog: Checkpoint) -> None:
    (job,) = submit_jobs(alice, small("a cat", loras=(LoraPick("line-art", 0.7),)))
    assert job.prompt == "a cat <lora:line-art:0.7>"
    assert [pick.name for pick in job.recipe.loras] == ["line-art"]


@pytest.mark.parametrize(
    "recipe, code, words",
    [
        (small("a cat <lora:lineart:0.7>"), "unknown-lora", "“lineart” (at character 7). Did you mean “line-art”?"),
        (small("a <hypernet:old:1> cat"), "", "Hypernetworks"),
        (small("a <lora:line-art:1..2> cat"), "", "at character"),
        (small(sampler="Magic"), "unknown-sampler", "“Magic”"),
        (small(schedule="Magic"), "unknown-schedule", "“Magic”"),
        (small(checkpoint="dreams"), "unknown-checkpoint", "“dreams”"),
        (small(vae="dreams"), "unknown-vae", "“dreams”"),
    ],
)
def test_what_is_unknown_is_refused_before_any_charge(
    alice: User, catalog: Checkpoint, recipe: Recipe, code: str, words: str
) -> None:
    refusal = refused(alice, recipe)
    assert not code or refusal.code == code
    assert words in refusal.message


def test_a_lora_of_another_family_is_refused(alice: User, catalog: Checkpoint) -> None:
    Lora.objects.create(name="real", title="Real", family="sdxl", path="x", sha256="a" * 64)
    refusal = refused(alice, small("a cat <lora:real:1>"))
    assert refusal.code == "wrong-family"
    assert "SDXL" in refusal.message


def test_somebody_elses_private_lora_does_not_exist(alice: User, charlie: User, catalog: Checkpoint) -> None:
    Lora.objects.create(
        name="mine", title="M", family="mini", path="x", sha256="a" * 64, owner=charlie, is_public=False
    )
    assert refused(alice, small("a cat <lora:mine:1>")).code == "unknown-lora"


def test_no_credits_leaves_nothing_behind(charlie: User, catalog: Checkpoint) -> None:
    charlie.plan.daily_credits = 0
    refusal = refused(charlie, small(), 2)
    assert (refusal.code, refusal.status) == ("no-credits", 402)


def test_the_plan_limits_a_submission(alice: User, catalog: Checkpoint) -> None:
    assert refused(alice, small(), 9).code == "too-many-pictures"


def test_a_full_queue_refuses_more(alice: User, queue: Queue) -> None:
    Plan.objects.update(max_queued=3)
    alice.plan.refresh_from_db()
    queue(alice, count=3)
    with pytest.raises(Refusal) as caught:
        queue(alice)
    assert (caught.value.code, caught.value.status) == ("queue-full", 429)
    assert claim_next("w") is not None
    assert len(queue(alice)) == 1, "what is being drawn does not wait any more"
