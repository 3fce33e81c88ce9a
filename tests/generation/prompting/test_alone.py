"""The package needs the standard library and the root of refusals alone: it loads where nothing else is installed."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.sources import ROOT

ASK = """
import sys
from generation.prompting import inspect
assert inspect("[a:b:0.5]", 20).prompts
known = set(sys.stdlib_module_names) | {"generation", "__main__", "sitecustomize"}
print(sorted(name for name in sys.modules if name.split(".")[0] not in known))
"""


def test_it_loads_without_any_package() -> None:
    asked = subprocess.run([sys.executable, "-S", "-c", ASK], cwd=ROOT, capture_output=True, text=True, check=True)
    assert asked.stdout == "['accounts', 'accounts.refusals']\n"
