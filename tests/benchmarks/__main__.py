"""`python -m tests.benchmarks NAME [--json FILE]`: run one measurement, or `all`, and print a table of what came out.

A benchmark is a module here with `run() -> list[dict]`; each row has `what`, `value`, `unit`, and where there is an
aim also `goal` (words) and `holds` (bool). One in SECTIONS also takes `run(only)`, the name of one of them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tests.benchmarks

COLUMNS = ("what", "value", "unit", "goal", "holds")


def main() -> None:
    names = sorted(
        found.name for found in pkgutil.iter_modules(tests.benchmarks.__path__) if not found.name.startswith("_")
    )
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("name", choices=[*names, "all"])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows here")
    parser.add_argument("--only", metavar="SECTION", help="one part of a benchmark that has several")
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    results = [
        row for name in (names if chosen.name == "all" else [chosen.name]) for row in measured(name, chosen.only)
    ]
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def measured(name: str, only: str | None = None) -> list[dict[str, Any]]:
    benchmark = importlib.import_module(f"tests.benchmarks.{name}")
    sections = getattr(benchmark, "SECTIONS", ())
    if only is not None and only not in sections:
        sys.exit(f"{name} has {'the sections ' + ', '.join(sections) if sections else 'no sections'}.")
    rows: list[dict[str, Any]] = benchmark.run(only) if only else benchmark.run()
    print(f"\n{name}")
    for line in table([COLUMNS, *([shown(row.get(column)) for column in COLUMNS] for row in rows)]):
        print(line)
    sys.stdout.flush()
    return rows


def shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value if value is not None else "")


def table(rows: Iterable[Iterable[str]]) -> Iterable[str]:
    """Rows of words as lines with aligned columns."""
    cells = [list(row) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(COLUMNS))]
    return ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in cells]


if __name__ == "__main__":
    main()
