"""Names of models: checkpoints by their own, and those of the operator's table for clients that send no other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from rest_framework.request import Request

from accounts.models import User
from accounts.refusals import Refusal
from generation.api.access import usable_checkpoints, user_of
from generation.catalog.resolving import find_checkpoint
from generation.models import Checkpoint, ModelAlias


def checkpoint_named(user: User, model: str) -> str:
    """The checkpoint that a model of this name stands for; "" is the default one. Raises Refusal for what is private.

    A name that is not in the table is a checkpoint's own, or nobody's.
    """
    alias = ModelAlias.objects.filter(name=model).select_related("checkpoint").first() if model else None
    if alias is None:
        return model
    if alias.checkpoint is None:
        return ""
    if not Checkpoint.objects.usable_by(user).filter(pk=alias.checkpoint.pk).exists():
        # Not by which checkpoint: it may be somebody's own.
        raise Refusal("unknown-checkpoint", f"“{model}” stands for nothing that you may use here.", field="checkpoint")
    return alias.checkpoint.name


def listed_models(request: Request) -> list[dict[str, Any]]:
    """All that who asks may name, as OpenAI lists models: the default checkpoint first, aliases last."""
    usable = {row.pk: row for row in usable_checkpoints(request).order_by("-is_default", "pk")}
    if not usable:
        return []
    default = find_checkpoint(user_of(request), "")
    listed = {row.name: model(row.name, row.created_at) for row in usable.values()}
    for alias in ModelAlias.objects.all():
        drawn_by = usable.get(alias.checkpoint_id or default.pk)
        if drawn_by is not None:
            listed[alias.name] = model(alias.name, drawn_by.created_at)
    return list(listed.values())


def model(name: str, made_at: datetime) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": int(made_at.timestamp()), "owned_by": settings.SITE_NAME.lower()}
