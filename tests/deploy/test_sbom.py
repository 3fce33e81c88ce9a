"""`make sbom`: a list of what is in an image that keeps to CycloneDX' own schema, complete and with hashes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.architecture.sources import ROOT
from tests.deploy.locks import FOLDER, canonical, read


def test_it_keeps_to_the_schema_and_names_every_package(tmp_path: Path) -> None:
    file = tmp_path / "web.cdx.json"
    command = [
        sys.executable,
        "-m",
        "cyclonedx_py",
        "requirements",
        str(FOLDER / "web.txt"),
        "--no-validate",
        "-o",
        str(file),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    text = file.read_text(encoding="utf-8")
    told = json.loads(text)
    assert JsonStrictValidator(SchemaVersion.from_version(told["specVersion"])).validate_str(text) is None
    assert {canonical(each["name"]) for each in told["components"]} == set(read("web"))
    assert all(each["externalReferences"][0]["hashes"] for each in told["components"])
    assert all(each["purl"] == f"pkg:pypi/{each['name'].lower()}@{each['version']}" for each in told["components"])


def test_the_validator_would_refuse_another_document() -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str('{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{}]}') is not None
