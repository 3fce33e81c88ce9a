"""Who may import whom. Every module has a row; a new one without a row fails, so that its place is decided."""

from __future__ import annotations

import sys

from tests.architecture.sources import PACKAGES, Import, imports, modules

LAB_QUEUE = ("generation.lab.finishing", "generation.lab.merging")
LORA_VERBS = ("generation.loras", "generation.cataloging", "generation.storage")
LAB_PLANS = ("generation.lab.tags", "generation.lab.axes", "generation.lab.mixing", "generation.lab.plan")
PURE = (
    "generation.recipe",
    "generation.training_recipe",
    "generation.training_presets",
    "generation.training_halving",
    "generation.sampling_names",
    "generation.safetensors_header",
    "generation.lora_keys",
    "generation.weightfile",
    "generation.prompting",
    *LAB_PLANS,
)
SHOWN = ("generation.pricing", "generation.imaging")
ROWS = ("accounts", "generation.models", *PURE, *SHOWN)
EVENTS = ("generation.events",)
QUEUE = (
    "generation.fairness",
    "generation.imagefiles",
    "generation.queueing",
    "generation.lifecycle",
    "generation.upkeep",
)
RUNS = ("generation.runs", "generation.training.choosing", "generation.findings")
WORKER = (
    "generation.catalog_files",
    "generation.workbench",
    "generation.tracing",
    "generation.execution",
    "generation.coaching",
)
VERBS = (
    "generation.tasks",
    "generation.weights",
    "generation.tokenizing",
    "generation.inspecting",
    "generation.picture_recipes",
    "generation.submission",
    "generation.deletion",
    "generation.storage",
    "generation.datasets",
    "generation.loras",
    "generation.runs",
    "generation.lab.grids",
    "generation.lab.merges",
)
DOOR_VERBS = ("generation.auditing", "generation.findings", "generation.idempotency")
DOOR_MODULES = (
    "generation.forms",
    "generation.lora_forms",
    "generation.lab_forms",
    "generation.studio_forms",
    "generation.training_forms",
    "generation.views",
    "generation.urls",
    "generation.admin",
    "generation.api",
    "generation.templatetags",
    "generation.consumers",
    "generation.framehub",
    "generation.routing",
    "generation.checks",
    "generation.apps",
    "generation.frame",
    "generation.downloads",
    "generation.showroom",
    "generation.cataloging",
    "generation.management",
)

# The longest prefix decides. A module may always import its own prefix, besides the prefixes of its row.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "generation.recipe": (),
    "generation.training_recipe": ("generation.recipe",),
    "generation.training_presets": ("generation.training_recipe",),
    "generation.training_halving": (),
    "generation.sampling_names": ("generation.recipe",),
    "generation.safetensors_header": (),
    "generation.lora_keys": ("generation.safetensors_header",),
    "generation.weightfile": ("generation.safetensors_header", "generation.lora_keys"),
    "generation.prompting": (),
    **dict.fromkeys(LAB_PLANS, ("generation.recipe", "generation.sampling_names", "generation.prompting", *LAB_PLANS)),
    "generation.lab": (),
    "generation.lab.finishing": (*ROWS, *QUEUE),
    "generation.lab.merging": (*ROWS, "generation.loras"),
    "generation.lab.auditing": (*ROWS, "generation.findings", "generation.tasks", *LAB_QUEUE),
    "generation.lab.grids": (*ROWS, *QUEUE, *VERBS),
    "generation.lab.merges": (*ROWS, *VERBS),
    "generation.lab.merger": (
        *ROWS,
        "generation.catalog_files",
        "generation.lab.merging",
        "generation.loras",
        "generation.engine",
        "generation.training",
    ),
    "generation.pricing": ("generation.recipe", "generation.training_recipe"),
    "generation.imaging": ("generation.recipe",),
    "generation.engine": PURE,
    "generation.training": ("generation.engine", "generation.imaging", *PURE),
    "accounts": (),
    "generation.models": ("accounts", *PURE),
    "generation.events": ("generation.models", *PURE),
    **dict.fromkeys(QUEUE, (*ROWS, *EVENTS, *QUEUE, "generation.loras")),
    **dict.fromkeys(
        WORKER,
        (
            *(*ROWS, *EVENTS, *QUEUE, *RUNS, *WORKER, "generation.tasks", "generation.lab.finishing"),
            *("generation.engine", "generation.training", "generation.storage"),
        ),
    ),
    "generation.tasks": (
        *QUEUE,
        *WORKER,
        "generation.datasets",
        "generation.runs",
        *LAB_QUEUE,
        "generation.lab.merger",
    ),
    "generation.runs": (*ROWS, *EVENTS, *QUEUE, *RUNS, *VERBS, "generation.cataloging"),
    "generation.idempotency": ("generation.models", "accounts"),
    "generation.findings": (),
    "generation.auditing": (
        *(*ROWS, *EVENTS, *QUEUE, *RUNS, "generation.tasks", "generation.tracing"),
        *("generation.datasets", "generation.loras", "generation.lab.auditing"),
    ),
    "generation.weights": ROWS,
    "generation.tokenizing": ROWS,
    "generation.inspecting": (*ROWS, "generation.tokenizing", "generation.weights"),
    "generation.picture_recipes": ROWS,
    "generation.submission": (*ROWS, *EVENTS, *QUEUE, *VERBS),
    "generation.deletion": ROWS,
    "generation.storage": ROWS,
    "generation.datasets": (
        *(*ROWS, "generation.imagefiles", "generation.storage", "generation.tokenizing", "generation.findings"),
    ),
    "generation.loras": (*ROWS, *LORA_VERBS, "generation.findings", "generation.imagefiles"),
    "generation.showroom": ("generation.recipe",),
    **dict.fromkeys(DOOR_MODULES, (*ROWS, *EVENTS, *QUEUE, *VERBS, *DOOR_MODULES, *DOOR_VERBS)),
    # The one door that draws without a worker.
    "generation.management.commands.render": (*ROWS, *QUEUE, *VERBS, *WORKER, "generation.engine"),
    "generation.management.commands.train_lora": (
        *ROWS,
        *QUEUE,
        *VERBS,
        *WORKER,
        "generation.engine",
        "generation.training",
    ),
    "gallery": (
        "generation.models",
        "generation.imaging",
        "generation.recipe",
        "generation.showroom",
        "generation.idempotency",
        "generation.loras",
        "accounts",
    ),
    "config": PACKAGES,
    "generation": (),
}

PURE_OF = {"django", "celery", "channels", "redis", "rest_framework", "torch", "diffusers", "transformers", "peft"}
TORCH = {"torch", "diffusers", "transformers", "peft"}
MAY_USE_TORCH = ("generation.engine", "generation.training")
MAY_USE_PUBSUB = ("generation.events", "generation.framehub", "generation.consumers", "config")
LATE = {("generation.tasks", f"generation.{late}") for late in ("execution", "coaching", "lab.merger")}


def row_of(module: str) -> str:
    rows = [prefix for prefix in MAY_IMPORT if within(module, (prefix,))]
    return max(rows, key=len, default="")


def within(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)


def ours() -> list[Import]:
    return [found for found in imports() if within(found.imported, PACKAGES)]


def told(found: list[Import]) -> list[str]:
    return [f"{one.importer}:{one.line} imports {one.imported}" for one in found]


def test_every_module_has_its_own_row() -> None:
    placeless = [name for name in modules() if row_of(name) in {"", "generation"} and name != "generation"]
    assert placeless == [], "give each its row in MAY_IMPORT"


def test_nobody_imports_what_its_row_does_not_allow() -> None:
    wrong = [
        one for one in ours() if not within(one.imported, (row_of(one.importer), *MAY_IMPORT[row_of(one.importer)]))
    ]
    assert told(wrong) == []


def test_nobody_imports_config_but_config() -> None:
    assert (
        told([one for one in ours() if within(one.imported, ("config",)) and not within(one.importer, ("config",))])
        == []
    )


def test_pure_modules_import_no_framework() -> None:
    wrong = [one for one in imports() if within(one.importer, PURE + SHOWN) and one.imported.split(".")[0] in PURE_OF]
    assert told(wrong) == []


def test_the_purest_import_the_standard_library_alone() -> None:
    allowed = {*sys.stdlib_module_names, "generation"}
    wrong = [one for one in imports() if within(one.importer, PURE) and one.imported.split(".")[0] not in allowed]
    assert told(wrong) == []


def test_torch_is_the_engines_alone() -> None:
    wrong = [
        one for one in imports() if one.imported.split(".")[0] in TORCH and not within(one.importer, MAY_USE_TORCH)
    ]
    assert told(wrong) == []


def test_the_engine_knows_no_django() -> None:
    banned = {"django", "celery", "channels", "redis", "structlog"}
    wrong = [one for one in imports() if within(one.importer, MAY_USE_TORCH) and one.imported.split(".")[0] in banned]
    assert told(wrong) == []


def test_redis_is_touched_in_one_place() -> None:
    wrong = [
        one for one in imports() if one.imported.split(".")[0] == "redis" and not within(one.importer, MAY_USE_PUBSUB)
    ]
    assert told(wrong) == []


def test_tasks_load_torch_inside_their_body_only() -> None:
    early = [one for one in imports() if (one.importer, one.imported) in LATE and not one.local]
    assert told(early) == []
