"""Files and functions stay small enough to be read at one sitting, and carry names that say what they own."""

from __future__ import annotations

from pathlib import Path

from tests.architecture.sources import ROOT, functions, modules

NAMELESS = {"utils", "helpers", "services", "constants", "signals", "common", "misc", "tools", "lib", "manager", "core"}
CODE = [*modules().values()]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_over_400_lines() -> None:
    assert {str(path.relative_to(ROOT)): lines(path) for path in [*CODE, *TESTS] if lines(path) > 400} == {}


def test_no_function_is_over_80_lines() -> None:
    long = {f"{path.relative_to(ROOT)}:{name}": n for path in [*CODE, *TESTS] for name, n in functions(path) if n > 80}
    assert long == {}


def test_nine_functions_of_ten_are_under_30_lines() -> None:
    lengths = sorted(n for path in CODE for _, n in functions(path))
    assert lengths[int(0.9 * len(lengths))] < 30


def test_no_module_is_named_for_nothing() -> None:
    parts = {part for path in [*CODE, *TESTS] for part in path.relative_to(ROOT).with_suffix("").parts}
    assert parts & NAMELESS == set()


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in CODE
        if (text := path.read_text(encoding="utf-8")).strip()
        and not text.removeprefix("#!/usr/bin/env python\n").startswith('"""')
    ]
    assert silent == []
