"""LoRA files for the bundled checkpoint, as people upload them: each number gives other bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from safetensors.numpy import load_file, save

from tests.tiny_weights import BUNDLED_LORAS


def lora_bytes(number: int = 1, metadata: Mapping[str, str] | None = None) -> bytes:
    """A bundled LoRA, a little stronger with each number."""
    tensors = load_file(BUNDLED_LORAS[0])
    stronger = {
        key: value if key.endswith("alpha") else (value.astype(np.float32) * (1 + number / 1000)).astype(value.dtype)
        for key, value in tensors.items()
    }
    return save(stronger, metadata={str(key): value for key, value in (metadata or {}).items()} or None)


def lora_upload(number: int = 1, name: str = "my-style.safetensors") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, io.BytesIO(lora_bytes(number)).getvalue())
