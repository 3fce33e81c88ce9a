"""Scripts that programs send along: honoured, ignored with a note, or refused; those that are off do nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generation.models import Job
from tests.generation.api.a1111.conftest import ask

pytestmark = pytest.mark.usefixtures("catalog")
UNIT = {"image": "", "module": "canny", "model": "None", "weight": 1.0}


def notes(program: Any, scripts: object) -> list[str]:
    answer = ask(program, "txt2img", {"prompt": "a red apple", "alwayson_scripts": scripts})
    assert answer.status_code == 200, answer.json()
    told: list[str] = json.loads(answer.json()["info"])["notes"]
    return told


@pytest.mark.parametrize(
    "scripts",
    [
        None,
        {},
        {"Dynamic Prompts v2.17.1": {"args": [True]}},
        {"Comments": {"args": []}},
        {"seed": {"args": [7, False]}},
        {"Sampler": {"args": [20, "Euler", "Automatic"]}},
        {"ADetailer": {"args": [False]}},
        {"ControlNet": {"args": []}},
        {"controlnet": {"args": [{**UNIT, "enabled": False}, {**UNIT, "enabled": False}]}},
        {"animatediff": {"args": [False]}},
        {"reactor": {"args": ["", False]}},
        {"roop": {}},
    ],
)
def test_honoured_or_off(program: Any, drawn: list[Any], scripts: object) -> None:
    assert notes(program, scripts) == []


@pytest.mark.parametrize(
    ("scripts", "title"),
    [
        ({"ADetailer": {"args": [True, {"ad_model": "face_yolov8n.pt"}]}}, "ADetailer"),
        ({"Self Attention Guidance": {"args": [True, 0.75, 1.0]}}, "Self Attention Guidance"),
        ({"refiner": {"args": [True, "dreams", 0.8]}}, "Refiner"),
    ],
)
def test_ignored_with_a_note(program: Any, drawn: list[Any], scripts: object, title: str) -> None:
    (note,) = notes(program, scripts)
    assert note.startswith(f"{title} is ignored. ")


@pytest.mark.parametrize(
    ("scripts", "error"),
    [
        ({"ControlNet": {"args": [{**UNIT, "enabled": True}]}}, "no-picture"),
        ({"ControlNet": {"args": [UNIT]}}, "no-picture"),
        ({"roop": {"args": ["", True, "0"]}}, "script-refused"),
        ({"ReActor": {"args": ["", True]}}, "script-refused"),
        ({"AnimateDiff": {"args": [{"enable": True}]}}, "script-refused"),
        ({"Regional Prompter": {"args": [True]}}, "script-refused"),
        ({"My own script": {"args": []}}, "unknown-script"),
        ({"x" * 5000: {"args": []}}, "unknown-script"),
        ({"ControlNet": []}, "bad-alwayson-scripts"),
        ({"ControlNet": {"args": {"0": {}}}}, "bad-alwayson-scripts"),
        ([], None),
        (["ControlNet"], "bad-alwayson-scripts"),
        ("ControlNet", "bad-alwayson-scripts"),
    ],
)
def test_refused(program: Any, drawn: list[Any], scripts: object, error: str | None) -> None:
    answer = ask(program, "txt2img", {"prompt": "a red apple", "alwayson_scripts": scripts})
    if error is None:  # nothing is asked for by an empty list either
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["error"]) == (422, error)
    assert len(answer.json()["detail"]) < 300
    assert not Job.objects.exists()
