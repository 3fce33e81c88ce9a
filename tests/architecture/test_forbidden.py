"""Words that must not occur in our code: each opens a hole that was met elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT

CODE = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
PAGES = [
    *(ROOT / "templates").rglob("*.html"),
    *(ROOT / "generation").rglob("*.html"),
    *(ROOT / "gallery").rglob("*.html"),
]
SCRIPTS = [path for path in (ROOT / "static").rglob("*.js") if "vendor" not in path.parts]

RULES = [
    ("pickle runs what it reads", CODE, r"\b(import|from) (pickle|cPickle|dill|cloudpickle|joblib|shelve|marshal)\b"),
    ("torch.load unpickles", CODE, r"\btorch\.load\("),
    ("numpy unpickles when asked to", CODE, r"allow_pickle\s*=\s*True"),
    ("remote code is somebody else's code", CODE, r"trust_remote_code\s*=\s*True"),
    ("a text is code nowhere", CODE, r"(?<![.\w])(eval|exec)\("),
    ("a shell reads more than it is told", CODE, r"shell\s*=\s*True|os\.system\("),
    ("templates escape, nobody else", CODE, r"\bmark_safe\b|\bSafeString\b"),
    ("a CSRF exemption needs a reason we do not have", CODE, r"\bcsrf_exempt\b"),
    (
        "no signals: to know what happens, read the caller",
        CODE,
        r"@receiver\b|\bpost_save\b|\bpre_save\b|\bpost_delete\b",
    ),
    # Pages of the help and of what changed are our own Markdown, read with HTML off.
    (
        "templates escape everything",
        PAGES,
        r"(?<!help_text)(?<!help_page\.html)(?<!version\.html)\|\s*safe\b|autoescape off",
    ),
    (
        "the policy forbids inline script",
        PAGES,
        r"<script(?![^>]*\b(src|type=\"application/json\"))[^>]*>|\son\w+=\"|javascript:",
    ),
    ("the policy forbids inline style", PAGES, r"<style\b|\sstyle=\""),
    ("nothing foreign is loaded", PAGES, r"(src|href)=\"(https?:)?//(?!www\.w3\.org)[^\"]+\.(js|css|woff2?)"),
    (
        "text is text in scripts too",
        SCRIPTS,
        r"\.(innerHTML|outerHTML)\s*\+?=|insertAdjacentHTML|document\.write|(?<![.\w])eval\(",
    ),
]


@pytest.mark.parametrize(("reason", "files", "pattern"), RULES, ids=[rule[0] for rule in RULES])
def test_nobody_writes_it(reason: str, files: list[Path], pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert found == [], reason


def test_every_loader_asks_for_safetensors() -> None:
    lax = [
        f"{path.relative_to(ROOT)}: {call[:80]}"
        for path in CODE
        for call in re.findall(r"\w+\.from_pretrained\((?:[^()]|\([^()]*\))*\)", path.read_text(encoding="utf-8"))
        if not call.startswith("CLIPTokenizer.") and "use_safetensors=True" not in call
    ]
    assert lax == []
