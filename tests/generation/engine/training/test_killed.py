"""A training whose process is killed at random steps, ten times in one run, ends as the undisturbed one."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import TextIO

import pytest
from safetensors.torch import load_file

from tests.architecture.sources import ROOT
from tests.forking import Forked, forker
from tests.generation.engine.training.killed_training import SAVE_EVERY

STEPS, KILLS = 60, 10


def begin(folder: Path) -> tuple[Forked, TextIO]:
    """The process, and what it tells."""
    told, telling = os.pipe()
    module = "tests.generation.engine.training.killed_training"
    process = forker().fork(module, str(folder), str(STEPS), cwd=ROOT, env=os.environ, output=telling, errors=2)
    os.close(telling)
    return process, os.fdopen(told)


def killed_after(folder: Path, more: int) -> int:
    """Kill it when it has told `more` steps, mid-step; the step it had told last. 0 where it ended before."""
    step = 0
    process, lines = begin(folder)
    with lines:
        for told, line in enumerate(lines):
            if line.strip().isdigit():
                step = int(line)
            if told >= more:
                process.kill()
                break
    process.wait(60)
    return step


def finish(folder: Path) -> Path:
    process, lines = begin(folder)
    with lines:
        file = Path(lines.read().splitlines()[-1])
    assert process.wait(60) == 0
    return file


@pytest.mark.slow
def test_ten_kills_change_nothing(tmp_path: Path) -> None:
    rng = random.Random()
    steps = [killed_after(tmp_path / "killed", rng.randint(1, SAVE_EVERY + 6)) for _ in range(KILLS)]
    assert max(steps) > SAVE_EVERY, f"at least one was killed after the first save: {steps}"
    ended, undisturbed = finish(tmp_path / "killed"), finish(tmp_path / "whole")
    assert ended.name == undisturbed.name, "the same snapshot is proposed"
    for step in ("0", str(STEPS // 2), str(STEPS)):
        killed, whole = (load_file(file.with_name(f"{step}.safetensors")) for file in (ended, undisturbed))
        assert killed.keys() == whole.keys()
        assert max(float((killed[name].float() - whole[name].float()).abs().max()) for name in whole) <= 1e-5
