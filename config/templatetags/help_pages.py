"""For help pages that have templates of their own: where they stand among the others."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from config.help.pages import Neighbours, Page, neighbours_of, pages

register = template.Library()


@register.inclusion_tag("help/crumbs.html", takes_context=True)
def help_crumbs(context: Context) -> dict[str, Page | None]:
    """Help, and the section of the page at this address."""
    return {"help_page": pages().get(context["request"].path)}


@register.inclusion_tag("help/neighbours.html", takes_context=True)
def help_neighbours(context: Context) -> dict[str, Any]:
    """The pages before and after the one at this address."""
    page = pages().get(context["request"].path)
    return {"neighbours": neighbours_of(page) if page else Neighbours(None, None)}
