"""`python -m tests.deploy.licences`: the licence of every package that an image brings along.

Ends with 1, naming them, where one says nothing of its licence or names one that `KNOWN` has not: look at it then, and
add it here or leave the package.
"""

from __future__ import annotations

import re
import sys
from email.message import Message
from importlib.metadata import Distribution, distributions
from typing import cast

from tests.deploy.locks import canonical, read

# As packages write them: names of SPDX, and those of the index's classifiers. All may be passed on with a program of
# any licence; LGPL and MPL ask that changes to the package itself are passed on too, and here nothing is changed.
KNOWN = {
    "0BSD", "Apache 2.0 License", "Apache Software License", "Apache-2.0", "BSD", "BSD 3-Clause", "BSD License",
    "3-Clause BSD License", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CNRI-Python", "ISC",
    "ISC License (ISCL)", "LGPL-3.0-only", "LLVM-exception", "MIT", "MIT License", "MIT-0", "MIT-CMU", "MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)", "PSF-2.0", "TCL", "ZPL-2.1", "Zlib",
}  # fmt: skip


def licences(package: Distribution) -> list[str]:
    """The names of all licences that a package says it has, or parts of it have."""
    about = cast(Message, package.metadata)  # which its protocol does not say in full
    classifiers = [line.removeprefix("License :: ") for line in about.get_all("Classifier") or []]
    named = [line.split(" :: ")[-1] for line in classifiers if line.startswith("OSI Approved :: ")]
    (whole, *_) = about.get_all("License-Expression") or [""]
    (field, *_) = about.get_all("License") or [""]
    if not whole and named:
        return named
    # Some put the text itself into the field; its first line names it.
    text = whole or field.strip().partition("\n")[0]
    return [part.strip("() ") for part in re.split(r" (?:AND|OR|WITH) ", text) if part.strip()]


def unknown(names: list[str]) -> bool:
    return not names or not set(names) <= KNOWN


def main() -> int:
    wanted = {**read("worker"), **read("torch"), **read("web")}
    found = {canonical(each.metadata["Name"]): each for each in distributions()}
    doubtful = []
    for name in sorted(wanted):
        if name not in found:
            doubtful.append(f"{name}: not installed here")
            continue
        names = licences(found[name])
        print(f"{name:32} {found[name].version:16} {', '.join(names)}")
        if unknown(names):
            doubtful.append(f"{name}: {', '.join(names) or 'says nothing'}")
    if read("cuda"):
        print(f"Beside these an image for CUDA has NVIDIA's libraries, under its own terms: {', '.join(read('cuda'))}")
    for line in doubtful:
        print(f"Unknown licence: {line}", file=sys.stderr)
    return 1 if doubtful else 0


if __name__ == "__main__":
    sys.exit(main())
