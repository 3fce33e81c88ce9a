"""What the moderators' templates need beyond Django's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def at(values: Mapping[str, Any], key: str) -> Any:
    """The value at a key that is known only here: `{{ counts|at:state }}`; None where there is none."""
    return values.get(key)
