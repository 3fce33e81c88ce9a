"""The lists of packages in `config/deploy/requirements/` are those of `requirements.txt`, each with its hashes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.locks import FOLDER, NOT_ASKED_FOR, RUN, TESTS, UNUSED_BY_WEB, WORKERS_ALONE, pins, read

LISTS = sorted(path.stem for path in FOLDER.glob("*.txt"))


def version(lines: str) -> str:
    """Of a requirement or a list's entry; what stands behind `+` names a build of it."""
    return re.split(r"[ +;\\]", lines.partition("==")[2].strip())[0].strip()


def test_workers_install_what_is_pinned() -> None:
    locked = {**read("worker"), **read("torch")}
    assert {name: version(lines) for name, lines in locked.items()} == {
        name: version(pin) for name, pin in pins(RUN).items()
    }, "run `make locks`"
    assert version(read("torch-cpu")["torch"]) == version(locked["torch"])


def test_tests_install_what_is_pinned_beside_it() -> None:
    beside = {name: version(pin) for name, pin in pins(TESTS).items() if name not in pins(RUN)}
    assert {name: version(lines) for name, lines in read("tests").items()} == beside, "run `make locks`"


def test_the_web_has_all_it_asks_for_and_nothing_that_only_workers_need() -> None:
    asked = pins(RUN, without=(WORKERS_ALONE, NOT_ASKED_FOR))
    alone = set(pins(RUN, without=(NOT_ASKED_FOR,))) - set(asked)
    locked = read("web")
    assert {"torch", "diffusers", "scipy"} <= alone
    assert set(asked) <= set(locked)
    # A package of theirs that something else brings along is no fault of the list.
    assert not {"torch", "diffusers", "transformers", "scipy", "onnxruntime", *UNUSED_BY_WEB} & set(locked)
    assert {name: version(lines) for name, lines in locked.items()}.items() <= {
        name: version(pin) for name, pin in pins(RUN).items()
    }.items(), "run `make locks`"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.in")), ids=lambda file: file.stem)
def test_a_list_that_an_image_may_get_besides_is_locked(file: Path) -> None:
    beside = {name: version(pin) for name, pin in pins(file).items() if name not in pins(RUN)}
    assert {name: version(lines) for name, lines in read(file.stem).items()} == beside, "run `make locks`"


@pytest.mark.parametrize("name", LISTS)
def test_every_package_has_a_hash_and_no_list_names_an_index(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    packages = read(name)
    assert packages and len(re.findall(r"^[\w.-]+==", text, re.MULTILINE)) == len(packages)
    assert [package for package, lines in packages.items() if not re.search(r"sha256:[0-9a-f]{64}$", lines)] == []
    assert "://" not in text and "index" not in text
