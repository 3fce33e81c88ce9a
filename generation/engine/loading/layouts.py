"""What a checkpoint consists of once it is loaded, and which loader reads which layout on disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.single_file_utils import SingleFileComponentError
from safetensors import SafetensorError

from generation.engine.failures import is_out_of_memory
from generation.engine.families import FAMILIES, Family
from generation.engine.loading import diffusers_folder, single_file
from generation.engine.loading.components import LoadedComponents
from generation.engine.outcome import RenderError, WeightsRefused
from generation.weightfiles.classify import classify
from generation.weightfiles.kinds import Kind
from generation.weightfiles.safetensors_header import WeightFileRefused

BROKEN = (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError, SingleFileComponentError)
FAILED = (*BROKEN, MemoryError)

LOADING = threading.RLock()
"""Held while weights are loaded, by whomever: the libraries' loaders patch torch for the whole process meanwhile.

Two loads at once leave each other's networks without weights, and what another thread initialises stays as it was.
"""


def load_components(path: Path, *, device: torch.device, dtype: torch.dtype) -> LoadedComponents:
    """Load a checkpoint. Raises WeightsRefused when it is incomplete, broken or of no known family."""
    with refusing(path):
        family = FAMILIES[check_kind(path, "checkpoint")]
        read = diffusers_folder.read_checkpoint if path.is_dir() else single_file.read_checkpoint
        return read(path, family, device, dtype)


def load_vae(path: Path, family: Family, *, device: torch.device, dtype: torch.dtype) -> Any:
    """Load a separate VAE for a checkpoint of `family`. Raises WeightsRefused."""
    with refusing(path):
        check_kind(path, "vae")
        if path.is_dir():
            return diffusers_folder.read_vae(path, device, dtype)
        return single_file.read_vae(path, family, device, dtype)


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Whatever a loader raises over a broken file becomes one WeightsRefused that names the file.

    A file that does not fit into memory is not broken: that is a RenderError of code `out-of-memory`.
    """
    try:
        with LOADING:
            yield
    except WeightFileRefused as refused:
        raise WeightsRefused(refused.code, f"“{path.stem}” cannot be used: {refused}") from refused
    except FAILED as error:
        if is_out_of_memory(error):
            raise RenderError("out-of-memory", f"There is no memory for “{path.stem}” just now.") from None
        raise WeightsRefused("broken-weights", f"“{path.stem}” cannot be loaded: incomplete or broken.") from error


def check_kind(path: Path, wanted: Kind) -> str:
    """The family of a file of the wanted kind. Raises WeightsRefused for another kind, WeightFileRefused for a part."""
    kind, family = classify(path)
    if kind != wanted:
        raise WeightsRefused("wrong-kind", f"“{path.stem}” is no {wanted} but a file of kind “{kind}”.")
    return family
