"""The Dockerfile: hadolint finds nothing, both images run without rights, and nothing that is kept here gets in."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from tests.architecture.sources import ROOT
from tests.architecture.test_tree import tracked

DEPLOY = ROOT / "config" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def stage(name: str) -> str:
    """The lines of a stage, from its FROM to the next."""
    (text,) = re.findall(rf"^(FROM \S+ AS {name}\n(?:(?!FROM ).*\n)*)", DOCKERFILE, re.MULTILINE)
    return str(text)


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run([BIN / "hadolint", DEPLOY / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_would_find_something() -> None:
    bad = "FROM python\nRUN sudo pip install torch\n"
    done = subprocess.run([BIN / "hadolint", "-"], input=bad, capture_output=True, text=True)
    assert done.returncode != 0


@pytest.mark.parametrize("name", ["web", "worker"])
def test_an_image_has_a_health_check_and_no_rights(name: str) -> None:
    last = stage(name)
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last and "CMD [" in last
    assert f"{name}-sbom" in last, "the list of its packages is in it"


def test_no_image_is_given_a_secret() -> None:
    assert not re.search(r"(?i)^(ARG|ENV)[^\n]*(secret|password|token|_key)", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes" in DOCKERFILE and "://" not in DOCKERFILE


def goes_in(path: str) -> bool:
    """Whether the build sees a file of the tree, by the rules of .dockerignore: the last that fits decides."""
    taken = True
    for line in (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.removeprefix("!")
        if rule and not rule.startswith("#"):
            plain = rule.removeprefix("**/")
            parts = path.split("/")
            whole = any(fnmatch("/".join(parts[:end]), rule) for end in range(1, len(parts) + 1))
            if whole or (plain != rule and any(fnmatch(part, plain) for part in parts)):
                taken = line.startswith("!")
    return taken


def test_only_what_runs_goes_into_an_image() -> None:
    for path in ("data/secret_key", "config/deploy/.env", ".git/config", ".venv/bin/python", "tests/conftest.py"):
        assert not goes_in(path), path
    files = tracked()
    inside = [path for path in files if goes_in(path)]
    inside.remove(".github/CHANGELOG.md")  # which `/changes/` shows
    tops = {"manage.py", "LICENSE", "accounts", "config", "gallery", "generation", "static", "templates"}
    assert {path.split("/")[0] for path in inside} == tops
    code = [path for path in files if path.split("/")[0] in tops and not path.startswith("config/deploy/chart/")]
    assert inside == code


def test_what_the_dockerfile_copies_from_the_tree_is_there() -> None:
    sources = [
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    ]
    assert sources and [name for name in sources if not (ROOT / name).exists()] == []
    # What is copied by name must not be ignored.
    assert [name for name in sources if name != "." and not goes_in(name)] == []


def test_both_images_come_from_one_dockerfile_in_compose() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    built = {service["build"]["target"] for service in services.values() if "build" in service}
    assert built == {"web", "worker"}
