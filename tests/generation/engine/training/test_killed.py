"""A training whose process is killed at random steps, ten times in one run, ends as the undisturbed one."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from generation.engine.training import state

STEPS, KILLS, SAVE_EVERY = 300, 10, 100


def begin(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.generation.engine.training.killed_training", str(folder), str(STEPS)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def killed_after(folder: Path, more: int) -> int:
    """Kill it when it has told `more` steps, mid-step; the step it had told last. 0 where it ended before."""
    step = 0
    with begin(folder) as process:
        assert process.stdout is not None
        for told, line in enumerate(process.stdout):
            if line.strip().isdigit():
                step = int(line)
            if told >= more:
                process.kill()
                break
    return step


def finish(folder: Path) -> Path:
    with begin(folder) as process:
        assert process.stdout is not None
        return Path(process.stdout.read().splitlines()[-1])


@pytest.mark.slow
def test_ten_kills_change_nothing(tmp_path: Path) -> None:
    assert state.SAVE_EVERY <= SAVE_EVERY
    rng = random.Random()
    steps = [killed_after(tmp_path / "killed", rng.randint(1, 130)) for _ in range(KILLS)]
    assert max(steps) > SAVE_EVERY, f"at least one was killed after the first save: {steps}"
    ended, undisturbed = finish(tmp_path / "killed"), finish(tmp_path / "whole")
    assert ended.name == undisturbed.name, "the same snapshot is proposed"
    for step in ("0", str(STEPS // 2), str(STEPS)):
        killed, whole = (load_file(file.with_name(f"{step}.safetensors")) for file in (ended, undisturbed))
        assert killed.keys() == whole.keys()
        assert max(float((killed[name].float() - whole[name].float()).abs().max()) for name in whole) <= 1e-5
