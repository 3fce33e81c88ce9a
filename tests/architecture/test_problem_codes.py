"""Every code that is raised is one of those that the page of problems promises, and stays there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from django.test import Client

from config.problem_codes import FAMILIES, GROUPS, place_of
from tests.architecture.sources import PACKAGES, ROOT

OF_MERELY_A_FIELD = "InvalidRecipe"
"""Its first argument is a field, from which the code is made, and its third a code."""


def trees() -> list[ast.Module]:
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [ast.parse(path.read_text()) for path in files]


def refusals(modules: list[ast.Module]) -> set[str]:
    """The names of Refusal and of all that is derived from it."""
    classes = [node for module in modules for node in ast.walk(module) if isinstance(node, ast.ClassDef)]
    names, before = {"Refusal"}, 0
    while len(names) > before:
        before = len(names)
        names |= {each.name for each in classes if {ast.unparse(base).split(".")[-1] for base in each.bases} & names}
    return names


def codes() -> Iterator[str]:
    modules = trees()
    names = refusals(modules)
    for node in (node for module in modules for node in ast.walk(module)):
        name = ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in names:
            place = 2 if name == OF_MERELY_A_FIELD else 3 if name == "TagError" else 0
            argument = node.args[place] if len(node.args) > place else None
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def test_every_code_that_is_raised_is_explained() -> None:
    raised = set(codes())
    assert len(raised) > 150
    assert sorted(code for code in raised if not place_of(code)) == []


def test_no_code_is_explained_twice() -> None:
    listed = [code for group in GROUPS for code in group.codes]
    listed += [family.form.replace("…", member) for family in FAMILIES for member in family.members]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(
    ("code", "place"),
    [("queue-full", "queue-full"), ("bad-steps", "bad-x"), ("title-missing", "x-missing"), ("bad-", ""), ("none", "")],
)
def test_a_code_leads_to_its_line(client: Client, db: None, code: str, place: str) -> None:
    answer = client.get(f"/api/problems/{code}")
    if not place:
        assert answer.status_code == 404
        return
    assert answer["Location"] == f"/api/problems/#{place}"
    assert f'id="{place}"' in client.get("/api/problems/").text
