"""The OpenAPI description: complete without a warning, and its page comes from this site alone."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft4Validator
from rest_framework.test import APIClient

from accounts.scopes import Scope
from config.openapi import BODIES, operations_of
from generation.models import Checkpoint


def test_the_schema_has_no_warnings(db: None, tmp_path: object) -> None:
    call_command(
        "spectacular", "--fail-on-warn", "--validate", "--file", f"{tmp_path}/schema.yaml", stderr=io.StringIO()
    )


@pytest.fixture
def schema(db: None) -> dict[str, Any]:
    described: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return described


def test_every_operation_has_a_summary_and_the_token_comes_first(schema: dict[str, Any]) -> None:
    assert next(iter(schema["components"]["securitySchemes"])) == "bearer"
    for operation in operations_of(schema):
        assert 3 < len(operation["summary"]) < 60
        ways = [next(iter(way), "") for way in operation["security"]]
        assert ways[0] == "bearer" and set(ways) <= {"bearer", "cookieAuth", ""}


def unbounded(schema: dict[str, Any], document: dict[str, Any], where: str, inside: tuple[str, ...] = ()) -> list[str]:
    """The values of what is sent that may be of any length, size or number."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        named = document["components"]["schemas"][name]
        return [] if name in inside else unbounded(named, document, where, (*inside, name))
    found = []
    for part in (part for whole in ("allOf", "oneOf", "anyOf") for part in schema.get(whole, [])):
        found += unbounded(part, document, where, inside)
    kind = "enum" if "enum" in schema else schema.get("type")
    if kind == "string" and "maxLength" not in schema and schema.get("format") not in ("binary", "date", "date-time"):
        found.append(where)
    if kind in ("integer", "number") and not {"minimum", "maximum"} <= schema.keys():
        found.append(where)
    if kind == "array":
        found += [] if "maxItems" in schema else [where]
        found += unbounded(schema["items"], document, f"{where}[]", inside)
    for name, inner in schema.get("properties", {}).items():
        found += unbounded(inner, document, f"{where}.{name}", inside)
    return found


def test_nothing_that_is_sent_may_be_of_any_size(schema: dict[str, Any]) -> None:
    found: list[str] = []
    for operation in operations_of(schema):
        name = operation["operationId"]
        for parameter in operation.get("parameters", []):
            if parameter["in"] != "path":
                found += unbounded(parameter["schema"], schema, f"{name} {parameter['name']}")
        for content in operation.get("requestBody", {}).get("content", {}).values():
            found += unbounded(content["schema"], schema, name)
    assert found == []


def test_every_operation_has_its_scope_and_tells_of_refusals(schema: dict[str, Any]) -> None:
    for operation in operations_of(schema):
        assert operation["x-scope"] in {*Scope.values, ""}
        for status in ("400", "401", "403", "429", "503"):
            named = operation["responses"][status]["$ref"].rpartition("/")[2]
            assert "application/problem+json" in schema["components"]["responses"][named]["content"]
        assert "default" not in operation["responses"]
    post = schema["paths"]["/api/v1/jobs"]["post"]
    assert "Idempotency-Key" in {parameter["name"] for parameter in post["parameters"]}


def test_every_body_is_valid_and_every_file_is_bytes(schema: dict[str, Any]) -> None:
    for operation in operations_of(schema):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            whole = {**content["schema"], "components": schema["components"]}
            if kind == "application/json":
                Draft4Validator(whole).validate(content["example"])
            else:
                component = schema["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
                assert "'uri'" not in str(component) and "'binary'" in str(component)


def test_a_code_that_may_be_left_out_may_be_empty(schema: dict[str, Any]) -> None:
    """Its default is one of its values, which its pattern alone is not."""
    shapes = schema["components"]["schemas"]
    for name, field in (("StartInput", "mask"), ("StyleInput", "sample"), ("SubmissionInput", "made_from")):
        described = Draft4Validator({**shapes[name]["properties"][field], "components": schema["components"]})
        assert described.is_valid("") and described.is_valid("h8Kq2mXw4bTz")
        assert not described.is_valid("a b") and not described.is_valid("x" * 65)
    assert not Draft4Validator(shapes["StartInput"]["properties"]["source"]).is_valid("")


def test_colours_and_second_passes_are_described(schema: dict[str, Any]) -> None:
    shapes = schema["components"]["schemas"]
    palette, hires = (Draft4Validator({**shapes[name], "components": schema["components"]}) for name in
                      ("PaletteField", "HiresInput"))  # fmt: skip
    assert palette.is_valid({"colours": ["#c2412d", "fff"]}) and not palette.is_valid({"colours": ["red"]})
    assert hires.is_valid({"sampler": "", "schedule": "Karras"}) and not hires.is_valid({"sampler": "Magic"})


@pytest.mark.parametrize(
    ("path", "name", "status"),
    [
        ("jobs?dry_run=1", "jobs_create", 200),
        ("grids?dry_run=1", "grids_create", 200),
        ("prompts/inspect", "prompts_inspect_create", 200),
        ("datasets", "datasets_create", 201),
        ("wildcards", "wildcards_create", 201),
    ],
)
def test_bodies_can_be_sent_as_they_stand(
    alices_api: APIClient, catalog: Checkpoint, path: str, name: str, status: int
) -> None:
    answer = alices_api.post(f"/api/v1/{path}", BODIES[name], format="json")
    assert answer.status_code == status, answer.json()


def test_the_page_says_that_it_needs_javascript(client: Client, db: None) -> None:
    page = client.get("/api/docs/").text
    assert "This page needs JavaScript" in page.partition("<noscript>")[2].partition("</noscript>")[0]


def test_the_page_loads_nothing_from_elsewhere(client: Client, db: None) -> None:
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert not re.findall(r"(?:src|href)=[\"']https?://", page.content.decode())


def test_me(client: Client, db: None) -> None:
    assert client.get("/api/v1/me").status_code == 401
