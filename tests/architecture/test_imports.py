"""Who may import whom: the table of `generation/README.md`, no cycles, and torch out of reach of every door."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping

import pytest

from tests.architecture.import_table import may_import, room_of, tiers, within
from tests.architecture.sources import PACKAGES, Import, imports, modules

FRAMEWORKS = {"django", "celery", "channels", "redis", "rest_framework", "torch", "diffusers", "transformers", "peft"}
TORCH = {"torch", "diffusers", "transformers", "peft", "accelerate"}
ENGINE = ("generation.engine",)
DOORS = ("generation.web", "generation.api", "generation.admin", "generation.urls", "gallery", "accounts")
MAY_USE_REDIS = ("generation.messages", "generation.web.live", "config")
REFUSALS = "accounts.refusals"
STANDARD_LIBRARY_ONLY = (REFUSALS, "generation.recipes", "generation.prompting", "generation.weightfiles")
MOST_FILES_BEHIND_SUBMISSION = 93

Graph = Mapping[str, set[str]]


def ours() -> list[Import]:
    return [one for one in imports() if within(one.imported, PACKAGES)]


def described(found: Iterable[Import], advice: str) -> list[str]:
    return [f"{one.importer}:{one.line} imports {one.imported}: {advice}" for one in found]


def test_the_table_is_read() -> None:
    assert len(tiers()) == 6 and len(may_import()) >= 20
    assert may_import()["generation.recipes"] == (REFUSALS, "generation.prompting")


def test_the_tree_has_no_room_but_those_of_the_table() -> None:
    placeless = [name for name in modules() if not room_of(name) and name not in ("generation", "generation.apps")]
    assert placeless == [], "put them into a room, or give their room a row in generation/README.md"


def test_generation_has_at_most_16_rooms() -> None:
    assert len([room for rooms in tiers().values() for room in rooms]) <= 16


def test_nobody_imports_what_the_table_does_not_allow() -> None:
    wrong = [one for one in ours() if refused_by_table(one)]
    assert described(wrong, "the table in generation/README.md does not allow it; move the code, not the table") == []


def refused_by_table(one: Import) -> bool:
    room = room_of(one.importer)
    return bool(room) and not within(one.imported, (room, *may_import()[room]))


@pytest.mark.parametrize("closed", ["config", "generation.tasks"])
def test_nobody_imports_what_starts_processes(closed: str) -> None:
    wrong = [one for one in ours() if within(one.imported, (closed,)) and not within(one.importer, (closed, "config"))]
    assert described(wrong, "send a wake-up by name instead, or read the setting from django.conf") == []


def test_no_package_has_a_cycle_among_its_children() -> None:
    cycles = {package: found for package in packages() if (found := cycles_of(children(package)))}
    assert cycles == {}, "what both sides need belongs into a third module below them"


def test_no_files_form_a_cycle() -> None:
    assert cycles_of(files()) == []


def test_no_door_reaches_torch_by_any_path() -> None:
    paths = [path for name in modules() if within(name, DOORS) and (path := path_to_torch(name))]
    assert [" -> ".join(path) for path in paths] == [], "let the worker do it: a row and a wake-up"


def test_submission_is_light() -> None:
    reached = reach("generation.jobs.submission", files())
    assert not any(within(name, ("generation.engine", "generation.worker")) for name in reached)
    assert len(reached) < MOST_FILES_BEHIND_SUBMISSION, sorted(reached)


def test_values_import_no_framework() -> None:
    pure = tiers()["1"]
    wrong = [one for one in imports() if within(one.importer, pure) and one.imported.split(".")[0] in FRAMEWORKS]
    assert described(wrong, "tier 1 is values alone; what needs a framework is a verb or the engine") == []


def test_the_purest_import_the_standard_library_alone() -> None:
    allowed = {*sys.stdlib_module_names, "generation"}
    wrong = [
        one
        for one in imports()
        if within(one.importer, STANDARD_LIBRARY_ONLY)
        and not within(one.imported, (REFUSALS,))
        and one.imported.split(".")[0] not in allowed
    ]
    assert described(wrong, "refusals, recipes, prompts and headers of weight files need no package") == []


def test_torch_is_the_engines_alone() -> None:
    wrong = [one for one in imports() if one.imported.split(".")[0] in TORCH and not within(one.importer, ENGINE)]
    assert described(wrong, "only generation/engine may load it") == []


def test_the_engine_knows_no_django() -> None:
    banned = {"django", "celery", "channels", "redis", "structlog"}
    wrong = [one for one in imports() if within(one.importer, ENGINE) and one.imported.split(".")[0] in banned]
    assert described(wrong, "hand the engine values; rows are the worker's") == []


def test_redis_is_touched_where_messages_are() -> None:
    wrong = [
        one for one in imports() if one.imported.split(".")[0] == "redis" and not within(one.importer, MAY_USE_REDIS)
    ]
    assert described(wrong, "use generation.messages") == []


def files() -> Graph:
    """Module -> modules of ours that it imports, those inside functions too."""
    graph: dict[str, set[str]] = defaultdict(set)
    for one in ours():
        if one.imported in modules() and one.imported != one.importer:
            graph[one.importer].add(one.imported)
    return graph


def packages() -> set[str]:
    parts = [name.split(".") for name in modules()]
    return {".".join(part[:length]) for part in parts for length in range(1, len(part))}


def children(package: str) -> Graph:
    """The modules and packages right below a package, and who of them imports whom."""
    graph: dict[str, set[str]] = defaultdict(set)
    for one in ours():
        if within(one.importer, (package,)) and within(one.imported, (package,)):
            importer, imported = (name.removeprefix(package).split(".") for name in (one.importer, one.imported))
            if len(importer) > 1 and len(imported) > 1 and importer[1] != imported[1]:
                graph[importer[1]].add(imported[1])
    return graph


def reach(start: str, graph: Graph) -> set[str]:
    """Everything that loading a module loads, itself and the packages it lies in among them."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            parents = [name.rsplit(".", count)[0] for count in range(1, name.count(".") + 1)]
            waiting += [*graph.get(name, ()), *parents]
    return {name for name in seen if modules()[name].read_text(encoding="utf-8").strip()}


def cycles_of(graph: Graph) -> list[list[str]]:
    """One cycle for each node that reaches itself, as the names along it."""
    return [path for node in sorted(graph) if (path := path_between(node, {node}, graph))]


def path_between(start: str, goals: set[str], graph: Graph) -> list[str]:
    """The names from one to the first of the goals that is met, by at least one import; empty when there is no path."""
    waiting = [[start]]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        for name in sorted(graph.get(path[-1], ())):
            if name in goals:
                return [*path, name]
            if name not in seen:
                seen.add(name)
                waiting.append([*path, name])
    return []


def path_to_torch(start: str) -> list[str]:
    loading = {one.importer for one in imports() if one.imported.split(".")[0] in TORCH}
    return [start] if start in loading else path_between(start, loading, files())
