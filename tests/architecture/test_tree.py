"""The first level of the tree: what a visitor sees is what there should be, and no weights file is anything else."""

from __future__ import annotations

import subprocess

from tests.architecture.sources import ROOT

TOP = {
    ".biome.json", ".ci", ".editorconfig", ".git-blame-ignore-revs", ".gitattributes", ".github", ".gitignore",
    ".pre-commit-config.yaml", "LICENSE", "Makefile", "README.md", "accounts", "config", "gallery", "generation",
    "manage.py", "pyproject.toml", "requirements.txt", "static", "templates", "tests",
}  # fmt: skip
DOUBTFUL = (".ckpt", ".pt", ".pth", ".bin", ".pkl", ".npz", ".gguf", ".onnx", ".exe", ".so", ".pyc", ".sqlite3")


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return listed.splitlines()


def test_nothing_stands_at_the_top_that_should_not() -> None:
    assert {path.split("/")[0] for path in tracked()} - TOP == set()


def test_no_file_is_of_a_kind_that_can_run_when_opened() -> None:
    assert [path for path in tracked() if path.endswith(DOUBTFUL)] == []


def test_no_file_is_larger_than_git_should_carry() -> None:
    heavy = [path for path in tracked() if (ROOT / path).is_file() and (ROOT / path).stat().st_size > 95 * 2**20]
    assert heavy == []
