"""Which LoRA file a user may take away; each time somebody else takes it is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from generation.catalog.loras.files import path_of_row
from generation.catalog.loras.sharing import count_download
from generation.models import Lora


def downloadable(user: Any, name: str) -> tuple[Lora, Path] | None:
    """The row and where its file lies; counted unless it is their own."""
    lora = Lora.objects.visible_to(user).filter(name=name).first()
    if lora is None or not (lora.owner_id == user.pk or lora.may_download):
        return None
    path = path_of_row(lora)
    if path is not None and lora.owner_id != user.pk:
        count_download(lora)
    return (lora, path) if path else None
