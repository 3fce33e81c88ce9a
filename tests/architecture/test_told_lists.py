"""The lists of settings and commands in the help pages are true and whole, and what the README names exists."""

from __future__ import annotations

import ast
import re

from tests.architecture.sources import PACKAGES, ROOT, tree_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ROOT / "templates" / "help" / "operators"


def rows(heading: str, *, column: int = 2) -> dict[str, str]:
    """The table of all “Settings”, or “Commands”, in the page about them: name -> another column, counted from 1."""
    page = (PAGES / f"{heading.lower()}.md").read_text(encoding="utf-8")
    section = page.split(f"\n## All {heading.lower()}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `([^`]+)` \|(.+)\|$", section, re.MULTILINE)
    return {name: cells.split(" |")[column - 2].strip() for name, cells in found}


def settings_read() -> dict[str, object]:
    """Name -> default (None where it is worked out) of every variable that the settings read."""
    found: dict[str, object] = {}
    modules = (ROOT / "config" / "settings").glob("*.py")
    for node in (node for module in sorted(modules) for node in ast.walk(tree_of(module))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.startswith("env_"):
            name, *rest = node.args
            assert isinstance(name, ast.Constant)
            found[str(name.value)] = rest[0].value if rest and isinstance(rest[0], ast.Constant) else None
    return found


def test_every_setting_is_told() -> None:
    assert set(rows("Settings")) == set(settings_read())


def test_every_plain_default_is_the_true_one() -> None:
    told = rows("Settings")
    spoken = {True: "on", False: "off"}
    wrong = {
        name: (told[name], default)
        for name, default in settings_read().items()
        if default not in (None, "") and told[name] != f"`{spoken[default] if isinstance(default, bool) else default}`"
    }
    assert wrong == {}


def test_every_command_is_told() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package / "management" / "commands").glob("*.py")]
    assert set(rows("Commands")) == {path.stem for path in files} - {"__init__"}


def test_nothing_but_the_settings_reads_the_environment() -> None:
    may = {"config/env.py", "config/supervision.py"}
    readers = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"os\.(environ(\.get|\[)|getenv)", path.read_text(encoding="utf-8"))
    }
    assert readers - may == set()


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)(?=[`\s]+(?:#|runs|the))", README)) <= targets


def test_every_file_it_links_exists() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
