"""Which devices torch finds on this machine. Which one a worker draws on is decided by its renderer."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Device:
    """A GPU: `cuda:N`, its name, and its memory in bytes."""

    word: str
    name: str
    free_bytes: int
    total_bytes: int


def torch_version() -> str:
    return str(torch.__version__)


def gpus() -> list[Device]:
    """None where there is no GPU, no driver, or a build of torch that does not fit it."""
    found = []
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        free, total = torch.cuda.mem_get_info(number)
        found.append(Device(f"cuda:{number}", torch.cuda.get_device_name(number), free, total))
    return found
