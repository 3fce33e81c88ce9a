"""`python -m tests.deploy.locks`: the packages that machines install, with the hash of every file, in
`config/deploy/requirements/`, from the versions that `requirements.txt` and `tests/requirements.txt` pin.

| list | who installs it |
| --- | --- |
| `web` | web processes, the clock and workers that do not draw: no torch |
| `torch` or `torch-cpu` | workers that draw, and `make run`: the general build of torch, or the one without CUDA |
| `worker` | the same: all the rest |
| `cuda` | the same where torch was built for CUDA: its libraries, which nothing else pins |
| `sbom` | the build of an image, to list what is in it |
| `tests` | `make test`, on top of the workers' |
| of every `NAME.in` beside them, `NAME` | images that are built with it among their `EXTRAS`, on top of either |

Every list is complete, so pip is told to follow no dependency (`--no-deps`). Builds of torch without
CUDA come from an index of their own, which is named where they change: `make locks TORCH_INDEX=...`; else the former
list stays, as long as the version does.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.architecture.sources import ROOT

FOLDER = ROOT / "config" / "deploy" / "requirements"
RUN, TESTS = ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"
EXTRAS = sorted(FOLDER.glob("*.in"))
NOT_ASKED_FOR = "What the above bring along"
WORKERS_ALONE = "Workers alone"
# Only for fetching from a hub, which no web process does: tokenizers are made of files here.
UNUSED_BY_WEB = ("huggingface-hub",)
Lock = dict[str, str]
"""Name of a package -> its lines: version and hashes."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file: Path, *, without: tuple[str, ...] = ()) -> dict[str, str]:
    """Name -> the requirement as it stands, of all sections but those whose headings begin so."""
    text = file.read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for other in re.findall(r"^-r (\S+\.in)$", text, re.MULTILINE):
        found |= pins(file.parent / other)
    for section in text.split("\n\n"):
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


def processor_builds(version: str) -> Lock:
    """torch built without CUDA: of the index that is named, or as the list has it already."""
    index = os.environ.get("TORCH_INDEX", "")
    if index.startswith("http"):
        return compiled([f"torch=={version}+cpu"], "--index", index, "--no-deps")
    if index:
        # Of files in a folder uv tells no hashes.
        files = sorted(Path(index).glob(f"torch-{version}+cpu-*.whl"))
        hashes = [f"    --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
        return {"torch": " \\\n".join([f"torch=={version}+cpu", *hashes])}
    former = read("torch-cpu")
    if f"=={version}+cpu" not in former["torch"]:
        raise SystemExit("torch has another version: name the index of its builds for processors in TORCH_INDEX.")
    return former


def made() -> dict[str, Lock]:
    """All lists. Raises SystemExit where something that is brought along is not pinned."""
    pinned, of_tests = pins(RUN), pins(TESTS)
    for file in EXTRAS:  # which tests try too
        of_tests |= pins(file)
    version = pinned["torch"].partition("==")[2]
    every = compiled(list(pinned.values()))
    torch = {"torch": every.pop("torch")}
    cuda = {name: lines for name, lines in every.items() if re.match(r"nvidia-|cuda-|triton$", name)}
    worker = {name: lines for name, lines in every.items() if name not in cuda}
    tests = compiled([*pinned.values(), *of_tests.values()])
    tests = {name: lines for name, lines in tests.items() if name not in {*worker, *cuda, "torch"}}
    if unpinned := sorted({*worker, *tests} - {*pinned, *of_tests}):
        raise SystemExit(f"Pin these too, since others bring them along: {', '.join(unpinned)}")
    sbom = compiled([of_tests["cyclonedx-bom"]], "--constraints", str(RUN), "--constraints", str(TESTS))
    of_web = web()
    lists = {"web": of_web, "worker": worker, "torch": torch, "cuda": cuda, "sbom": sbom, "tests": tests}
    return {**lists, **extras(of_web), "torch-cpu": processor_builds(version)}


def extras(of_web: Lock) -> dict[str, Lock]:
    """Of every NAME.in: what the web image has not without it."""
    lists = {}
    for file in EXTRAS:
        locked = compiled(list(pins(file).values()), "--constraints", str(RUN))
        lists[file.stem] = {name: lines for name, lines in locked.items() if name not in of_web}
    return lists


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, lock in made().items():
        head = "# Made by `make locks` from requirements.txt and tests/requirements.txt.\n"
        (FOLDER / f"{name}.txt").write_text(head + "\n".join(lock.values()) + "\n", encoding="utf-8")
        print(f"{name}: {len(lock)} packages")
