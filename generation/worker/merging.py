"""The worker's side of a merge: read the parents, do the arithmetic, register the file."""

from __future__ import annotations

import structlog

from accounts.refusals import Refusal
from generation.catalog.loras import files
from generation.catalog.merges import queue
from generation.engine.lora.file import read_lora
from generation.engine.lora.merge import merge_loras, merge_metadata
from generation.engine.outcome import RenderError
from generation.engine.training.lora_file import BASE_VERSIONS
from generation.engine.training.tensorfile import write_tensors
from generation.engine.weightsource import pinned_file
from generation.models import Lora, LoraMerge
from generation.models.leases import prolonging
from generation.worker.process import this_worker
from generation.worker.weights import CatalogWeights

logger = structlog.get_logger(__name__)


def perform_ready_merges() -> int:
    """Merge until nothing waits or the worker shuts down; the number of merges that were tried."""
    worker, performed = this_worker(), 0
    while worker.takes_work and (merge := queue.claim_next()):
        with worker.holding_merge(merge), prolonging(LoraMerge.objects.held(merge), queue.LONGEST_MERGE):
            perform(merge)
        performed += 1
    return performed


def perform(merge: LoraMerge) -> Lora | None:
    """One merge from claimed to ended."""
    part = files.fresh_file("merged")
    try:
        source = CatalogWeights()
        parents = merge.inputs
        merged = merge_loras(
            [(read_lora(pinned_file(source.lora, each.sha256, "LoRA")), float(each.weight)) for each in parents],
            merge.rank,
        )
        family = Lora.objects.filter(sha256=parents[0].sha256).values_list("family", flat=True).first()
        provenance = [{"name": each.name, "sha256": each.sha256, "weight": each.weight} for each in parents]
        base_version = BASE_VERSIONS.get(family or "", "")
        write_tensors(part, merged.tensors, merge_metadata(merge.title, base_version, merged.rank, provenance))
        return queue.finish_merge(merge, part, merged.kept)
    except (RenderError, Refusal) as error:
        queue.fail_merge(merge, str(error))
    except Exception:
        logger.exception("merge_broke", merge=merge.code)
        queue.fail_merge(merge, "Something broke on our side while merging. Try it again.")
    finally:
        part.unlink(missing_ok=True)
    return None
