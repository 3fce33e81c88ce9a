"""LoRAs of the cast, brought in through the verb."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from generation.catalog.loras.uploads import Upload, add_upload
from generation.models import Lora
from tests.lora_files import lora_bytes

Bring = Callable[..., Lora]


@pytest.fixture
def bring(db: None) -> Bring:
    def brought(user: User, number: int = 1, name: str = "my-style.safetensors", **more: Any) -> Lora:
        data = lora_bytes(number)
        return add_upload(user, Upload(name, len(data), [data[:1000], data[1000:]], **more))

    return brought
