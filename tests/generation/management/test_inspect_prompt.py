"""`manage.py inspect_prompt`: a prompt explained in the shell, for people and for programs."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from generation.models import Checkpoint


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("inspect_prompt", *arguments, stdout=out)
    return out.getvalue()


def test_it_works(catalog: Checkpoint) -> None:
    said = told("a [red:blue:0.5] (shiny:1.3) apple <lora:line-art:0.7> <lora:lineart:1>", "--steps", "10")
    assert "calls 1–6: a red (shiny:1.3) apple" in said
    assert "weight: 1.3  shiny" in said
    assert "line-art 0.7 (found" in said
    assert "error at character 56: There is no LoRA “lineart”. Did you mean “line-art”?" in said
    assert f"  {' ' * 55}{'^' * len('<lora:lineart:1>')}\n" in said
    assert said.rstrip().endswith("1 errors, 0 warnings")


def test_a_good_prompt_says_so(catalog: Checkpoint) -> None:
    assert told("a red apple").splitlines() == ["a red apple", "tokens: 3 of 30", "Nothing is wrong."]


def test_programs_get_all_of_it(catalog: Checkpoint) -> None:
    found = json.loads(told("<lora:line-art:1>", "--negative", "--json"))
    assert [problem["code"] for problem in found["problems"]] == ["tag-in-negative"]


def test_schedules_of_samplers_that_look_twice_are_twice_as_long(catalog: Checkpoint) -> None:
    assert json.loads(told("a", "--json", "--sampler", "Heun", "--steps", "10"))["steps"] == 20


def test_steps_and_sampler_are_the_checkpoints_where_none_are_given(catalog: Checkpoint) -> None:
    Checkpoint.objects.update(default_steps=7, default_sampler="Heun")
    assert json.loads(told("a", "--json"))["steps"] == 2 * 7


@pytest.mark.parametrize(
    "arguments",
    [("--steps", "0"), ("--steps", "61"), ("--checkpoint", "dreams"), ("--seed", "-5"), ("--seed", str(2**32))],
)
def test_what_cannot_be_is_refused(catalog: Checkpoint, arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        told("a", *arguments)
