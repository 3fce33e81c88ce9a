"""The inspector beneath the prompt: problems, chips, schedule and tokens, and the names that can be completed."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from generation.models import Checkpoint, Embedding, Job, Lora, Wildcard


def look(client: Client, **fields: object) -> str:
    answer = client.post("/create/inspect/", fields)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def marks(part: str) -> list[list[object]]:
    found: list[list[object]] = json.loads(re.findall(r'data-marks="(\[.*?\])" data-for', part)[0])
    return found


def test_it_works(alices: Client, catalog: Checkpoint) -> None:
    part = look(alices, prompt="a <i> <lora:fluent3d:1>", negative_prompt="blurry")
    assert "There is no LoRA “fluent3d”. Did you mean “fluent-3d”?" in part
    assert 'data-suggestion="fluent-3d" data-start="6" data-end="23"' in part
    assert "not found" in part
    assert [6, 23, "bad"] in marks(part)
    assert 'id="inspection-negative_prompt" hx-swap-oob="innerHTML"' in part


def test_a_good_prompt_has_no_problem(alices: Client, catalog: Checkpoint) -> None:
    part = look(alices, prompt="a (red:1.3) apple, [dull] <lora:fluent-3d:0.8>")
    assert "problem--" not in part
    assert [3, 6, "w-2"] in marks(part)
    assert [20, 24, "less-1"] in marks(part)


def test_tokens_are_counted_against_the_checkpoints_chunks(alices: Client, catalog: Checkpoint) -> None:
    assert "3 of 30 tokens" in look(alices, prompt="a red apple")
    assert "40 of 60 tokens, 2 chunks" in look(alices, prompt="apple " * 40)


def test_a_schedule_is_a_strip_of_steps(alices: Client, catalog: Checkpoint) -> None:
    part = look(alices, prompt="a [red:blue:0.5] apple", steps="10", sampler="Euler")
    stretches = re.findall(r'<rect class="shade-(\d)" x="(\d+)" y="0" width="(\d+)"', part)
    assert stretches == [("0", "0", "6"), ("1", "6", "4")]
    assert "a red apple" in part and "a blue apple" in part
    assert "strip-of-steps" not in look(alices, prompt="a red apple")


def test_trigger_words_can_be_put_in_until_they_are(alices: Client, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="line-art").update(trigger_words=["ink drawing"])
    assert 'data-insert="ink drawing"' in look(alices, prompt="a cat <lora:line-art:1>")
    assert 'data-copy="ink drawing"' in look(alices, prompt="ink drawing <lora:line-art:1>")


def test_the_family_is_the_checkpoints(alices: Client, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="line-art").update(family="sd1")
    part = look(alices, prompt="a <lora:line-art:1>", checkpoint=catalog.name)
    assert "made for another family" in part
    assert "wrong family: made for SD 1.5" in part


def test_private_names_are_not_given_away(charlies: Client, alice: User, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="fluent-3d").update(is_public=False, owner=alice)
    assert "fluent-3d" not in look(charlies, prompt="a <lora:fluent3d:1>")
    assert "fluent-3d" not in charlies.get("/create/names/").text


def refused(part: str) -> dict[str, str]:
    """What the form would refuse, by field."""
    told = json.loads(re.findall(r'data-refused="(.*?)" hidden', part)[0])
    return {error["field"]: error["detail"] for error in told["errors"]}


WRONG = [
    ("steps", "61"),
    ("steps", "60"),
    ("steps", "0"),
    ("seed", str(2**32)),
    ("cfg_scale", "99"),
    ("clip_skip", "13"),
    ("sampler", "Magic"),
    ("schedule", "Whenever"),
    ("checkpoint", "dreams"),
    ("vae", "clear"),
    ("emphasis", "loud"),
    ("count", "0"),
    ("count", "9"),
    ("prompt", "x" * 2_001),
    ("negative_prompt", "x" * 2_001),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=[f"{field}-{n}" for n, (field, _) in enumerate(WRONG)])
def test_what_is_typed_is_judged_as_by_page_and_api(
    alices: Client, alices_api: APIClient, catalog: Checkpoint, field: str, value: str
) -> None:
    """Nothing is trimmed to what would pass: the sentence stands at its field."""
    form = {"prompt": "a [red:blue:0.5] apple", "steps": "4", field: value}
    typed = refused(look(alices, **form))
    pressed = alices.post("/create/", form, headers={"X-Requested-With": "fetch"})
    body = {name: float(value) if value.isdecimal() else value for name, value in form.items()}
    asked = alices_api.post("/api/v1/jobs", body, format="json")
    assert [each["detail"] for each in pressed.json()["errors"]] == [asked.json()["detail"]]
    assert typed == {field: asked.json()["detail"]}
    assert not Job.objects.exists()


@pytest.mark.parametrize("change", [{"steps": "51"}, {"steps": "many"}, {"sampler": "Magic"}])
def test_no_step_is_guessed_where_the_steps_are_wrong(
    alices: Client, catalog: Checkpoint, change: dict[str, str]
) -> None:
    part = look(alices, **{"prompt": "a [red:blue:0.5] apple", "steps": "10", "sampler": "Euler", **change})
    assert "strip-of-steps" not in part
    assert set(refused(part)) == set(change)


def test_a_size_is_judged_too(alices: Client, catalog: Checkpoint) -> None:
    part = look(alices, prompt="a cat", size="own", width="100", height="64")
    assert refused(part) == {"size": "Width must be a multiple of 8."}


def test_a_form_that_is_right_or_bare_is_told_nothing(alices: Client, catalog: Checkpoint) -> None:
    assert refused(look(alices, prompt="a cat", steps="50", seed="-1")) == {}
    assert refused(look(alices)) == refused(look(alices, prompt="  ", steps="")) == {}


def test_any_text_is_answered(alices: Client, catalog: Checkpoint) -> None:
    for text in ("", "(" * 5_000, "x" * 100_000, "<lora::>", "{a|" * 999, "[a|b" * 400):
        look(alices, prompt=text, negative_prompt=text, steps="x", seed="-1", sampler="?", checkpoint="?")


def test_what_is_typed_is_never_markup(alices: Client, catalog: Checkpoint) -> None:
    text = '<script>"\'</script><lora:"><b>:1> [<b>x:y:3]'
    assert "<b>" not in alices.post("/create/inspect/", {"prompt": text}).text
    assert "<script" not in alices.post("/create/inspect/", {"prompt": text}).text


def test_the_names_to_complete_are_those_that_fit(alices: Client, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="line-art").update(family="sd1")
    Embedding.objects.create(name="EasyNegative", title="Easy", family="mini", path="x", sha256="e" * 64)
    Wildcard.objects.create(name="colours", lines="red\nblue")
    Wildcard.objects.create(name="off", lines="x", is_enabled=False)
    assert alices.get("/create/names/").json() == {
        "lora": [{"name": "fluent-3d", "title": Lora.objects.get(name="fluent-3d").title}],
        "embedding": [{"name": "EasyNegative", "title": "Easy"}],
        "wildcard": [{"name": "colours"}],
    }
