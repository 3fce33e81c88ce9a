"""Where the engine finds weights: catalog rows by sha256, resolved to files inside the weights folders."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from generation.engine.outcome import WeightsRefused
from generation.models import Annotator, Checkpoint, ControlNet, Embedding, Lora, Upscaler, Vae
from generation.models.catalog import WeightRow


def path_of(row: WeightRow) -> Path | None:
    """The file or folder of a catalog row, whose path is relative to one of the weights folders; None: it is gone."""
    paths = (Path(folder) / row.path for folder in settings.WEIGHTS_DIRS if row.path)
    return next((path for path in paths if path.exists()), None)


def file_of(row: WeightRow) -> Path:
    """As `path_of`, for a caller who cannot do without the file."""
    if path := path_of(row):
        return path
    raise WeightsRefused("weights-missing", f"The files of “{row.title}” are no longer where they were.")


def reachable_checkpoints() -> list[str]:
    """sha256 of the checkpoints whose files this process finds."""
    return sorted({row.sha256 for row in Checkpoint.objects.all() if path_of(row)})


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

    def controlnet(self, sha256: str) -> Path:
        return self._find(ControlNet, sha256)

    def annotator(self, sha256: str) -> Path:
        return self._find(Annotator, sha256)

    def upscaler(self, sha256: str) -> Path:
        return self._find(Upscaler, sha256)

    def _find(self, model: type[WeightRow], sha256: str) -> Path:
        rows = list(model.objects.filter(sha256=sha256).order_by("pk"))
        if not rows:
            raise WeightsRefused("weights-missing", "A weight file of this recipe is no longer in the catalog.")
        # Several people may have rows of one file; any of them that still has it will do.
        return next((path for path in map(path_of, rows) if path), None) or file_of(rows[0])
