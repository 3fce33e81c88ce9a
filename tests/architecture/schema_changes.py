"""`python -m tests.architecture.schema_changes`: what of the API has changed, and which of it breaks a client.

Compares the API as it is with its description that is checked in, or with that of another commit, if one is named:
`... schema_changes origin/main`. With `--write` the description is written anew. Ends with 1 where a client breaks.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.architecture.sources import ROOT

KEPT = ROOT / "tests/architecture/api_schema.json"
Schema = dict[str, Any]
WHOLES = ("allOf", "oneOf", "anyOf")
UPPER = ("maximum", "maxLength", "maxItems")
LOWER = ("minimum", "minLength", "minItems")


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One difference. `breaks` when a client that worked need not work any more."""

    where: str
    what: str
    breaks: bool = False

    def __str__(self) -> str:
        return f"{'BREAKS ' if self.breaks else '       '}{self.where}: {self.what}"


def changes(old: Schema, new: Schema) -> list[Change]:
    """From one description of the API to another, by operation."""
    return sorted(set(_Comparison(old, new).operations()))


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.old, self.new = old, new

    def operations(self) -> Iterator[Change]:
        old, new = _operations(self.old), _operations(self.new)
        for name in old.keys() - new.keys():
            yield Change(name, "is gone", breaks=True)
        for name in new.keys() - old.keys():
            yield Change(name, "is new")
        for name in old.keys() & new.keys():
            yield from self.operation(name, old[name], new[name])

    def operation(self, name: str, old: Schema, new: Schema) -> Iterator[Change]:
        if {} in old.get("security", []) and {} not in new.get("security", []):
            yield Change(name, "needs a token now", breaks=True)
        if old.get("x-scope") != new.get("x-scope"):
            yield Change(name, f"needs the scope {new.get('x-scope')}, not {old.get('x-scope')}", breaks=True)
        yield from self.parameters(name, old, new)
        yield from self.bodies(name, old.get("requestBody"), new.get("requestBody"))
        yield from self.answers(name, old["responses"], new["responses"])

    def parameters(self, name: str, old: Schema, new: Schema) -> Iterator[Change]:
        before, after = (
            {f"{each['in']} {each['name']}": each for each in side.get("parameters", [])} for side in (old, new)
        )
        for key in before.keys() - after.keys():
            yield Change(f"{name}, {key}", "is read no longer", breaks=True)
        for key, parameter in after.items():
            where, needed = f"{name}, {key}", bool(parameter.get("required"))
            if key not in before:
                yield Change(where, "is new and required" if needed else "is new", breaks=needed)
                continue
            if needed and not before[key].get("required"):
                yield Change(where, "is required now", breaks=True)
            yield from self.taken(where, before[key]["schema"], parameter["schema"], ())

    def bodies(self, name: str, old: Schema | None, new: Schema | None) -> Iterator[Change]:
        before, after = (old or {}).get("content", {}), (new or {}).get("content", {})
        if (new or {}).get("required") and not (old or {}).get("required"):
            yield Change(f"{name}, body", "is required now", breaks=True)
        for kind in before.keys() - after.keys():
            yield Change(f"{name}, body", f"is not taken as {kind} any more", breaks=True)
        for kind in before.keys() & after.keys():
            yield from self.taken(f"{name}, body", before[kind]["schema"], after[kind]["schema"], ())

    def answers(self, name: str, old: Schema, new: Schema) -> Iterator[Change]:
        for status in old.keys() - new.keys():
            yield Change(f"{name}, {status}", "is answered no longer", breaks=status.startswith("2"))
        for status in new.keys() - old.keys():
            yield Change(f"{name}, {status}", "is a new answer")
        for status in old.keys() & new.keys():
            before, after = _content(self.old, old[status]), _content(self.new, new[status])
            for kind in before.keys() - after.keys():
                yield Change(f"{name}, {status}", f"comes no longer as {kind}", breaks=True)
            for kind in before.keys() & after.keys():
                yield from self.given(f"{name}, {status}", before[kind]["schema"], after[kind]["schema"], ())

    def taken(self, where: str, old: Schema, new: Schema, inside: tuple[str, ...]) -> Iterator[Change]:
        """What is sent: it breaks where what was taken is taken no longer."""
        pair = f"{old.get('$ref')}>{new.get('$ref')}"
        if pair in inside:
            return
        old, new = _whole(self.old, old), _whole(self.new, new)
        inside = (*inside, pair) if "#" in pair else inside
        if _kind(old) != _kind(new):
            yield Change(where, f"is {_kind(new)} and no longer {_kind(old)}", breaks=True)
            return
        if old.get("nullable") and not new.get("nullable"):
            yield Change(where, "may not be null any more", breaks=True)
        yield from _bounds(where, old, new)
        before, after = old.get("properties", {}), new.get("properties", {})
        for field in before.keys() - after.keys():
            yield Change(f"{where}.{field}", "is read no longer", breaks=True)
        required = set(new.get("required", []))
        for field in after.keys() - before.keys():
            needed = field in required
            yield Change(f"{where}.{field}", "is new and required" if needed else "is new", breaks=needed)
        for field in before.keys() & after.keys():
            if field in required - set(old.get("required", [])):
                yield Change(f"{where}.{field}", "is required now", breaks=True)
            yield from self.taken(f"{where}.{field}", before[field], after[field], inside)
        if "items" in old and "items" in new:
            yield from self.taken(f"{where}[]", old["items"], new["items"], inside)

    def given(self, where: str, old: Schema, new: Schema, inside: tuple[str, ...]) -> Iterator[Change]:
        """What is answered: it breaks where what a client relies on is there no longer, or is something else."""
        pair = f"{old.get('$ref')}>{new.get('$ref')}"
        if pair in inside:
            return
        old, new = _whole(self.old, old), _whole(self.new, new)
        inside = (*inside, pair) if "#" in pair else inside
        if _kind(old) != _kind(new):
            yield Change(where, f"is {_kind(new)} and no longer {_kind(old)}", breaks=True)
            return
        if new.get("nullable") and not old.get("nullable"):
            yield Change(where, "may be null now", breaks=True)
        if (more := set(new.get("enum", [])) - set(old.get("enum", []))) and old.get("enum"):
            yield Change(where, f"may also be {_listed(more)}")
        before, after = old.get("properties", {}), new.get("properties", {})
        for field in before.keys() - after.keys():
            yield Change(f"{where}.{field}", "is gone", breaks=True)
        for field in after.keys() - before.keys():
            yield Change(f"{where}.{field}", "is new")
        for field in before.keys() & after.keys():
            if field in set(old.get("required", [])) - set(new.get("required", [])):
                yield Change(f"{where}.{field}", "need not be there any more", breaks=True)
            yield from self.given(f"{where}.{field}", before[field], after[field], inside)
        if "items" in old and "items" in new:
            yield from self.given(f"{where}[]", old["items"], new["items"], inside)


def _operations(schema: Schema) -> dict[str, Schema]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }


def _content(document: Schema, answer: Schema) -> Schema:
    """Of an answer that stands there, or is referred to."""
    named = document["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
    return named.get("content", {})  # type: ignore[no-any-return]


def _whole(document: Schema, schema: Schema) -> Schema:
    """The schema with what it refers to, and the parts it is joined from, in one."""
    if "$ref" in schema:
        named = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        schema = {**named, **{name: value for name, value in schema.items() if name != "$ref"}}
    joined = {name: value for name, value in schema.items() if name not in WHOLES}
    for part in (part for whole in WHOLES for part in schema.get(whole, [])):
        inner = _whole(document, part)
        enum = [*joined.get("enum", []), *inner.get("enum", [])]
        joined = {**inner, **joined, **({"enum": enum} if enum else {})}
    return joined


def _kind(schema: Schema) -> str:
    return str(schema.get("type", "anything"))


def _bounds(where: str, old: Schema, new: Schema) -> Iterator[Change]:
    for name in (*UPPER, *LOWER):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        tighter = after is not None and (before is None or (after < before if name in UPPER else after > before))
        yield Change(where, f"has {name} {after}, not {before}", breaks=tighter)
    if fewer := set(old.get("enum", [])) - set(new.get("enum", [])):
        if new.get("enum"):
            yield Change(where, f"may not be {_listed(fewer)} any more", breaks=True)
    elif new.get("enum") and not old.get("enum"):
        yield Change(where, f"may only be {_listed(set(new['enum']))}", breaks=True)


def _listed(values: set[Any]) -> str:
    return ", ".join(sorted(map(str, values)))


def present() -> Schema:
    """The API as the code describes it. Django must be set up."""
    from drf_spectacular.generators import SchemaGenerator

    made = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    described: Schema = json.loads(json.dumps(made, default=str))
    return described


def kept(commit: str = "") -> Schema:
    if not commit:
        return json.loads(KEPT.read_text())  # type: ignore[no-any-return]
    name = KEPT.relative_to(ROOT).as_posix()
    shown = subprocess.run(["git", "show", f"{commit}:{name}"], cwd=ROOT, capture_output=True, check=True)
    return json.loads(shown.stdout)  # type: ignore[no-any-return]


def write(schema: Schema, path: Path = KEPT) -> None:
    path.write_text(json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def main(arguments: list[str]) -> int:
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    now = present()
    commits = [each for each in arguments if not each.startswith("-")]
    found = changes(kept(*commits), now) if commits or KEPT.exists() else []
    for change in found:
        print(change)
    if "--write" in arguments:
        write(now)
        return 0
    return int(any(change.breaks for change in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
