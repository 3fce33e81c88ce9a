"""Fetch what is the person's own, or answer that there is no such thing: the first line of the studio's views."""

from __future__ import annotations

from django.http import Http404

from generation.models import DataPicture, DataSet, Snapshot, TrainingRun, TrainingSearch
from generation.web.access import SignedInRequest


def own_dataset(request: SignedInRequest, code: str) -> DataSet:
    dataset: DataSet | None = DataSet.objects.of(request.user).filter(code=code).first()
    if dataset is None:
        raise Http404("There is no such data set, or it is not yours.")
    return dataset


def own_picture(request: SignedInRequest, code: str, picture: str) -> DataPicture:
    rows = DataPicture.objects.filter(dataset__owner=request.user, dataset__code=code, code=picture)
    row: DataPicture | None = rows.select_related("dataset").first()
    if row is None:
        raise Http404("There is no such picture, or it is not yours.")
    return row


def own_run(request: SignedInRequest, code: str) -> TrainingRun:
    rows = TrainingRun.objects.of(request.user).filter(code=code)
    run: TrainingRun | None = rows.select_related("dataset", "search", "lora").first()
    if run is None:
        raise Http404("There is no such training, or it is not yours.")
    return run


def own_snapshot(request: SignedInRequest, code: str, step: int) -> Snapshot:
    rows = Snapshot.objects.filter(run__owner=request.user, run__code=code, step=step)
    snapshot: Snapshot | None = rows.select_related("run").first()
    if snapshot is None:
        raise Http404("There is no such snapshot, or it is not yours.")
    return snapshot


def own_search(request: SignedInRequest, code: str) -> TrainingSearch:
    search: TrainingSearch | None = TrainingSearch.objects.filter(owner=request.user, code=code).first()
    if search is None:
        raise Http404("There is no such search, or it is not yours.")
    return search
