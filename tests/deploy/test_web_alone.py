"""The web image's list of packages, installed as the Dockerfile does, serves every page and holds no torch."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.deploy.locks import FOLDER
from tests.plugin import free_port

pytestmark = pytest.mark.slow
DEPLOY = ROOT / "config" / "deploy"
# Of the installed packages, as the Dockerfile leaves them.
MOST_BYTES = 400e6


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """As in the container, on the session's broker."""
    folder = tmp_path_factory.mktemp("data")
    ours = {"DATA_DIR": str(folder), "STATIC_DIR": str(folder / "collected"), "STATIC_SOURCES": ""}
    rates = {"API_RATE": "100000/min", "API_RATE_ANONYMOUS": "100000/min"}
    return {**os.environ, **ours, **rates, "STAFF_SECOND_FACTOR": "off", "LOG_LEVEL": "ERROR"}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Path:
    """A Python with the web image's packages alone, as the Dockerfile's steps leave them."""
    folder = tmp_path_factory.mktemp("web") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-compile"]
    exactly = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(FOLDER / "web.txt")]
    subprocess.run([*pip, *exactly], check=True, timeout=600)
    subprocess.run(["sh", DEPLOY / "prune.sh", folder / "lib"], check=True)
    collect = [str(python), "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, cwd=ROOT, env=env, check=True, timeout=300)
    subprocess.run(["sh", DEPLOY / "prune.sh", folder / "lib", "collected"], check=True)
    return python


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")


def test_it_is_smaller_than_400_megabytes(python: Path) -> None:
    assert size(python.parent.parent / "lib") < MOST_BYTES


def test_every_page_is_served(python: Path, env: dict[str, str]) -> None:
    command = [str(python), "-m", "tests.deploy.every_page"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    counted = re.search(r"^(\d+) pages", done.stdout, re.MULTILINE)
    assert counted and int(counted[1]) > 200


def test_what_operators_type_is_there(python: Path, env: dict[str, str]) -> None:
    loading = "from django.core.management import load_command_class as load"
    commands = "backup", "restore", "doctor", "reseal"
    script = "\n".join([loading, *(f"load('config', '{name}')" for name in commands)])
    command = [str(python), "manage.py", "shell", "--no-imports", "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture
def port(python: Path, env: dict[str, str]) -> Iterator[int]:
    """Where the image's command listens, on the data of the test before."""
    port = free_port()
    command = [str(python), "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "-v", "0", "config.asgi:application"]
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    yield port
    process.terminate()
    process.wait(20)


def test_the_health_check_sees_it_come_up(python: Path, port: int) -> None:
    def healthy() -> bool:
        return subprocess.run([python, DEPLOY / "healthy.py", "http://localhost", str(port)]).returncode == 0

    deadline = time.monotonic() + 120
    while not healthy():
        assert time.monotonic() < deadline
        time.sleep(0.5)
    with urllib.request.urlopen(f"http://localhost:{port}/", timeout=30) as page:
        assert page.status == 200 and b"<html" in page.read()
