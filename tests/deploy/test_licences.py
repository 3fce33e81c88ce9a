"""`make licences`: every package of an image has a licence that somebody looked at, and one that has none is named."""

from __future__ import annotations

from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from tests.deploy import licences
from tests.deploy.locks import read


def package(folder: Path, *lines: str) -> PathDistribution:
    folder.joinpath("METADATA").write_text("\n".join(["Name: sample", "Version: 1", *lines]) + "\n\n", encoding="utf-8")
    return PathDistribution(folder)


def test_every_package_is_listed_with_a_licence_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    code = licences.main()
    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    listed = {line.split()[0] for line in told.out.splitlines()}
    assert {*read("worker"), *read("web"), "torch"} <= listed


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["License-Expression: MIT OR Apache-2.0"], ["MIT", "Apache-2.0"]),
        (["License-Expression: (MIT AND Zlib)", "Classifier: License :: Other/Proprietary License"], ["MIT", "Zlib"]),
        (["Classifier: License :: OSI Approved :: BSD License"], ["BSD License"]),
        (["License: BSD-3-Clause"], ["BSD-3-Clause"]),
    ],
)
def test_what_a_package_says_is_read(tmp_path: Path, lines: list[str], names: list[str]) -> None:
    assert licences.licences(package(tmp_path, *lines)) == names
    assert not licences.unknown(names)


@pytest.mark.parametrize("lines", [[], ["License: Proprietary"], ["License-Expression: MIT AND AGPL-3.0-only"]])
def test_a_licence_that_nobody_looked_at_is_refused(tmp_path: Path, lines: list[str]) -> None:
    assert licences.unknown(licences.licences(package(tmp_path, *lines)))


def test_the_command_names_it_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(licences, "KNOWN", licences.KNOWN - {"ZPL-2.1"})
    assert licences.main() == 1
    assert "zope-interface: ZPL-2.1" in capsys.readouterr().err
