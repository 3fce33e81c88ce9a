"""What pictures are drawn with: the device, its driver, and weight files."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator

from django.conf import settings

from config.doctor.findings import Line, fail, ok, warn
from generation.models import Checkpoint, ControlNet, Lora
from generation.worker.weights import path_of

SHOWN = 5
GIB = 1024**3


def gpu() -> Iterator[Line]:
    """Only of a machine that draws: one that serves pages alone has no torch."""
    if importlib.util.find_spec("torch") is None:
        yield ok("gpu", "There is no torch here: this machine serves pages and draws nothing.")
        return
    # Only now: a machine that serves pages alone could not load it.
    from generation.engine.devices import gpus, torch_version

    found, driver = gpus(), driver_version()
    wished = [device for device in settings.RENDERING.devices if device.startswith("cuda")]
    if not found:
        yield without_gpu(torch_version(), driver, wished)
    for device in wished:
        if found and int(device.partition(":")[2] or 0) >= len(found):
            yield fail("gpu", f"RENDER_DEVICE names {device}, and there are {len(found)}.", "Name one from cuda:0 on.")
    for each in found:
        room = f"{each.free_bytes / GIB:.1f} of {each.total_bytes / GIB:.1f} GiB free"
        yield ok("gpu", f"{each.word} is {each.name}: {room}, driver {driver or 'unknown'}.")


def without_gpu(torch: str, driver: str, wished: list[str]) -> Line:
    advice = "Install the build of torch for your driver into this Python, or a driver, and start again."
    if wished:
        return fail("gpu", f"RENDER_DEVICE is {wished[0]}, and torch {torch} finds no GPU.", advice)
    if driver:
        said = f"The driver {driver} is there, but torch {torch} finds no GPU and draws on the processor."
        return warn("gpu", said, advice)
    return ok("gpu", f"None; torch {torch} draws on the processor.")


def driver_version() -> str:
    """Of NVIDIA's driver, as its own program says; empty where there is none or it does not answer."""
    program = shutil.which("nvidia-smi")
    if not program:
        return ""
    command = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else ""


def weights() -> Iterator[Line]:
    """Whether each row of the catalog that is offered has its file here."""
    offered = Checkpoint.objects.filter(is_enabled=True)
    here = [row for row in offered if path_of(row)]
    if not here:
        advice = "Put one under the weights folder and run `python manage.py import_weights`."
        yield fail("weights", "No checkpoint that is offered has its files here.", advice)
    else:
        yield ok("weights", f"{len(here)} of {len(offered)} checkpoints are here.")
    rows = [*offered, *Lora.objects.filter(is_enabled=True), *ControlNet.objects.filter(is_enabled=True)]
    lost = [row.title or row.name for row in rows if not path_of(row)]
    if lost:
        more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
        said = f"In the catalog, but without a file here: {', '.join(lost[:SHOWN])}{more}."
        yield warn("weights", said, "Bring the files back to where they were, or switch them off in the admin.")
