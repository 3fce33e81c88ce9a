"""Our source files and what they import, read with `ast`; nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "accounts", "generation", "gallery")


@dataclass(frozen=True)
class Import:
    """`importer` takes `imported`, at the top of the module or inside a function (`local`)."""

    importer: str
    imported: str
    local: bool
    line: int


@cache
def modules() -> dict[str, Path]:
    """Dotted name -> file, for every module of our packages except migrations."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]
    return {name_of(path): path for path in sorted(files)}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports() -> tuple[Import, ...]:
    return tuple(found for name, path in modules().items() for found in imports_of(name, tree_of(path)))


def imports_of(name: str, tree: ast.Module) -> Iterator[Import]:
    """`from a import b` counts as a.b where that is a module of ours, else as a. Type-checking blocks count too."""
    local = {inner for node in ast.walk(tree) if isinstance(node, FUNCTIONS) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, alias.name, node in local, node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield Import(name, whole if whole in modules() else node.module, node in local, node.lineno)


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, length in lines without decorators) of every function and method."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, FUNCTIONS):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1
