"""Where the engine finds weights: catalog rows by sha256, resolved to files inside the weights folders."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from generation.engine.outcome import WeightsRefused
from generation.models import Checkpoint, Embedding, Lora, Vae
from generation.models.catalog import WeightRow


def file_of(row: WeightRow) -> Path:
    """The file or folder of a catalog row; its path is relative to one of the weights folders."""
    for folder in settings.WEIGHTS_DIRS:
        path = Path(folder) / row.path
        if row.path and path.exists():
            return path
    raise WeightsRefused("weights-missing", f"The files of “{row.title}” are no longer where they were.")


class CatalogWeights:
    """The engine's `WeightSource` over the catalog."""

    def checkpoint(self, sha256: str) -> Path:
        return self._find(Checkpoint, sha256)

    def vae(self, sha256: str) -> Path:
        return self._find(Vae, sha256)

    def lora(self, sha256: str) -> Path:
        return self._find(Lora, sha256)

    def embedding(self, sha256: str) -> Path:
        return self._find(Embedding, sha256)

    def _find(self, model: type[WeightRow], sha256: str) -> Path:
        row = model.objects.filter(sha256=sha256).first()
        if row is None:
            raise WeightsRefused("weights-missing", "A weight file of this recipe is no longer in the catalog.")
        return file_of(row)
