"""A site on eight machines, with tiny weights of which each GPU worker has its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.machines import Cluster
from tests.tiny_weights import tiny_checkpoint


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Nothing of it runs yet but database, broker, bucket and proxy. The bundled checkpoint is with the code."""
    weights = {name: [tiny_checkpoint("sd1", seed)] for seed, name in enumerate(("gpu-a", "gpu-b"), start=1)}
    cluster = Cluster(tmp_path, weights)
    try:
        yield cluster
    finally:
        cluster.stop()
