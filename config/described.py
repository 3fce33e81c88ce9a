"""What the API's description tells of each view of itself: the scope that a token needs, and the key it may bring."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from generation.api.access import needed_scope
from generation.api.idempotency import HEADER, KEY, LONGEST_KEY

IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "pattern": f"^{KEY.pattern}$", "minLength": 1, "maxLength": LONGEST_KEY},
    OpenApiParameter.HEADER,
    description="The same key and body make nothing twice within a day, and are answered as the first time.",
)


class Described(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = super().get_override_parameters()
        handler = getattr(self.view, self.method.lower(), None)
        takes_key = getattr(handler, "heeds_idempotency_key", False)
        return [*parameters, IDEMPOTENCY_KEY] if takes_key else parameters

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            operation["x-scope"] = needed_scope(self.view, self.method)
        return operation
