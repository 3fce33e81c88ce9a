"""The web process never loads torch: `config.asgi` and every page start where those packages cannot be imported."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.sources import ROOT

SCRIPT = """
import sys

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "diffusers", "transformers", "peft", "accelerate", "torchvision"}:
            raise ImportError(f"the web process imports {name}")

sys.meta_path.insert(0, Wall())
import config.asgi
from django.core.management import call_command
from django.urls import get_resolver

call_command("check")
print(len(get_resolver().reverse_dict), "routes")
"""


def test_the_web_process_starts_without_torch() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "routes" in done.stdout
