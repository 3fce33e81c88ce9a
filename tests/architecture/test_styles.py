"""Style rules that nothing on a page wears do not stay, spaces come from tokens, and templates keep to 160 columns."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture.sources import PACKAGES, ROOT

STYLES = sorted((ROOT / "static" / "css").rglob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
PAGES = sorted((ROOT / "templates").rglob("*.html"))
WORD = r"[A-Za-z][\w-]*"
THEIRS = {"htmx-request", "bg-primary-600", "text-white", "text-base-300", "text-base-400", "border", "cursor-pointer",
          "material-symbols-outlined"}  # fmt: skip
"""Classes that htmx and Unfold put on their elements."""


def without_comments(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return re.sub(
        r"/\*.*?\*/|^\s*//[^\n]*$|\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.DOTALL | re.MULTILINE
    )


def words_of(path: Path) -> set[str]:
    return set(re.findall(WORD, without_comments(path)))


def strings_of(path: Path) -> set[str]:
    """The words of a Python file's strings: a class may be decided there."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {word for text in strings for word in re.findall(WORD, text)}


def test_every_class_is_worn() -> None:
    python = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    worn = set().union(*map(words_of, [*PAGES, *SCRIPTS]), *map(strings_of, python), THEIRS)
    # "mark--{{ kind }}" wears every class that begins so and ends as somebody's string does.
    begun = {word for word in worn if word.endswith("-")}
    unworn = [
        f"{path.relative_to(ROOT)}: .{name}"
        for path in STYLES
        for name in set(re.findall(rf"\.({WORD})(?=[^{{}}]*\{{)", without_comments(path)))
        if name not in worn and not any(name.startswith(start) for start in begun)
    ]
    assert unworn == []


def test_spaces_come_from_tokens() -> None:
    """A hairline of 1 or 2 px may be written out; what is larger has a name in tokens.css."""
    space = r"(?m)^\s*(?:margin|padding|gap|row-gap|column-gap)[a-z-]*:[^;]*(?<![\w.])(?:[3-9]|\d\d+)(?:\.\d+)?px[^;]*;"
    raw = [
        f"{path.relative_to(ROOT)}: {found.strip()}"
        for path in STYLES
        for found in re.findall(space, without_comments(path))
    ]
    assert raw == []


def test_every_property_is_read() -> None:
    styles = "\n".join(map(without_comments, STYLES))
    read = set(re.findall(rf"var\((--{WORD})", styles))
    assert set(re.findall(rf"(?<![\w-])(--{WORD})\s*:", styles)) - read == set()


def test_templates_keep_to_160_columns() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in PAGES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 160
    ]
    assert long == []
