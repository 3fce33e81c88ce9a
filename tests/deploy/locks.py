"""`python -m tests.deploy.locks`: the packages that machines install, with the hash of every file, in
`config/deploy/requirements/`, from the versions that `requirements.txt` and `tests/requirements.txt` pin.

| list | who installs it |
| --- | --- |
| `web` | web processes, the clock and workers that do not draw: no torch |
| `torch` `worker` | workers that draw, and `make run`: torch by itself, then the rest |
| `cuda` | the same where torch was built for CUDA: its libraries, which nothing else pins |
| `sbom` | the build of an image, to list what is in it |
| `tests` | `make test`, on top of the workers' |

Every list is complete, so pip is told to follow no dependency (`--no-deps`). Which processor builds of torch are
expected is known where its index of them is named: `make locks TORCH_INDEX=...`; else the hashes of the former list
stay, as long as the version does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.architecture.sources import ROOT

FOLDER = ROOT / "config" / "deploy" / "requirements"
RUN, TESTS = ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"
NOT_ASKED_FOR = "What the above bring along"
WORKERS_ALONE = "Workers alone"
# Only for fetching from a hub, which no web process does: tokenizers are made of files here.
UNUSED_BY_WEB = ("huggingface-hub",)
NAMES = ("web", "worker", "torch", "cuda", "sbom", "tests")
Lock = dict[str, str]
"""Name of a package -> its lines: version and hashes."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file: Path, *, without: tuple[str, ...] = ()) -> dict[str, str]:
    """Name -> the requirement as it stands, of all sections but those whose headings begin so."""
    found: dict[str, str] = {}
    for section in file.read_text(encoding="utf-8").split("\n\n"):
        if section.startswith(tuple(f"# {heading}" for heading in without)):
            continue
        lines = re.findall(r"^([\w.-]+)(\S*==\S+)", section, re.MULTILINE)
        found |= {canonical(name): name + rest for name, rest in lines}
    return found


def read(name: str) -> Lock:
    return blocks((FOLDER / f"{name}.txt").read_text(encoding="utf-8"))


def blocks(text: str) -> Lock:
    found = re.findall(r"^(([\w.-]+)==.*(?:\n    --hash.*)*)\n", text, re.MULTILINE)
    return {canonical(name): lines for lines, name in found}


def compiled(wanted: list[str], *options: str) -> Lock:
    """What uv resolves these requirements to on Linux and Python 3.11. Raises SystemExit with what uv says."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--generate-hashes", "--python-version", "3.11"]
    plain = ("--no-header", "--no-annotate", "--quiet", "--system-certs", "--no-progress")
    done = subprocess.run([*command, *plain, *options], input="\n".join(wanted), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return blocks(done.stdout)


def web() -> Lock:
    asked = pins(RUN, without=(WORKERS_ALONE, NOT_ASKED_FOR))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as unused:
        unused.write("\n".join(UNUSED_BY_WEB))
        unused.flush()
        return compiled(list(asked.values()), "--constraints", str(RUN), "--excludes", unused.name)


def processor_builds(version: str) -> list[str]:
    """Hash lines of torch's builds without CUDA: of the index that is named, or as the list has them already."""
    if index := os.environ.get("TORCH_INDEX"):
        kind = "--index" if index.startswith("http") else "--find-links"
        return compiled([f"torch=={version}+cpu"], kind, index, "--no-deps")["torch"].splitlines()[1:]
    former = read("torch")["torch"].splitlines()
    if version not in former[0]:
        raise SystemExit("torch has another version: name the index of its builds for processors in TORCH_INDEX.")
    return [line for line in former[1:] if line not in compiled([f"torch=={version}"], "--no-deps")["torch"]]


def made() -> dict[str, Lock]:
    """All lists. Raises SystemExit where something that is brought along is not pinned."""
    pinned, of_tests = pins(RUN), pins(TESTS)
    version = pinned["torch"].partition("==")[2]
    every = compiled(list(pinned.values()))
    torch = every.pop("torch").splitlines()
    builds = sorted({line.removesuffix(" \\") for line in [*torch[1:], *processor_builds(version)]})
    cuda = {name: lines for name, lines in every.items() if re.match(r"nvidia-|cuda-|triton$", name)}
    worker = {name: lines for name, lines in every.items() if name not in cuda}
    tests = compiled([*pinned.values(), *of_tests.values()])
    tests = {name: lines for name, lines in tests.items() if name not in {*worker, *cuda, "torch"}}
    if unpinned := sorted({*worker, *tests} - {*pinned, *of_tests}):
        raise SystemExit(f"Pin these too, since others bring them along: {', '.join(unpinned)}")
    sbom = compiled([of_tests["cyclonedx-bom"]], "--constraints", str(RUN), "--constraints", str(TESTS))
    alone = {"torch": " \\\n".join([torch[0].removesuffix(" \\"), *builds])}
    return {"web": web(), "worker": worker, "torch": alone, "cuda": cuda, "sbom": sbom, "tests": tests}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, lock in made().items():
        head = "# Made by `make locks` from requirements.txt and tests/requirements.txt.\n"
        (FOLDER / f"{name}.txt").write_text(head + "\n".join(lock.values()) + "\n", encoding="utf-8")
        print(f"{name}: {len(lock)} packages")
