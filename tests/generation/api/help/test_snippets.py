"""The programs of the help pages, run as they stand against the true web server and a worker that draws."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from accounts.models import ApiToken, User
from generation.api.help.pages import SNIPPETS
from generation.models import Job
from tests.journeys.site import Site


def run(name: str, folder: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SNIPPETS / name)],
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def settings_of(site: Site, alice: User) -> dict[str, str]:
    """What the guides say to export."""
    _, key = ApiToken.objects.create(user=alice, name="quick start")
    return {"TEMPERA_URL": site.address, "TEMPERA_USER": "alice", "TEMPERA_TOKEN": key}


@pytest.mark.parametrize("name", ["httpx_quick_start.py", "webuiapi_quick_start.py"])
def test_it_makes_two_pictures(name: str, tmp_path: Path, settings_of: dict[str, str]) -> None:
    done = run(name, tmp_path, settings_of)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["apple-7.png", "apple-8.png"]
    for path in tmp_path.iterdir():
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            # Pillow, by which `webuiapi` hands a picture over, leaves its texts out when it saves.
            assert name == "webuiapi_quick_start.py" or "red apple" in picture.info["parameters"]
    assert Job.objects.count() == 2


def test_httpx_tells_what_is_refused(tmp_path: Path, settings_of: dict[str, str], alice: User) -> None:
    alice.plan.max_steps = 4
    alice.plan.save(update_fields=["max_steps"])
    done = run("httpx_quick_start.py", tmp_path, settings_of)
    assert (done.returncode, done.stderr.strip()) == (1, "Your plan takes at most 4 steps.")


def test_webuiapi_tells_what_is_not_as_asked(tmp_path: Path, settings_of: dict[str, str]) -> None:
    assert "192×192 pixels are drawn, not 512×512." in run("webuiapi_quick_start.py", tmp_path, settings_of).stdout
