"""The state of one's own picture's post and of one's own LoRA's release, for the pages of both."""

from __future__ import annotations

from typing import Any

from django import template

from gallery.models import Decision, Post, Release
from gallery.transitions import MOVES
from generation.models import GeneratedImage, Lora

register = template.Library()


@register.inclusion_tag("gallery/release_state.html", takes_context=True)
def release_state(context: dict[str, Any], lora: Lora) -> dict[str, Any]:
    """What became of one's own LoRA on its way to everybody, the moderator's reason, and what can be done now."""
    release = Release.objects.filter(lora=lora).first()
    return {
        "lora": lora,
        "shared": context.get("shared", 0),
        "release": release,
        "decision": release.last_decision if release else None,
        "may_send": release is None or release.state in MOVES[Decision.Verb.PUBLISH].sources,
        "may_withdraw": release is not None and release.state in MOVES[Decision.Verb.WITHDRAW].sources,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("gallery/publication.html", takes_context=True)
def publication(context: dict[str, Any], image: GeneratedImage, offer: bool = True) -> dict[str, Any]:
    """The state of one's own picture's post, the moderator's reason, and what can be done now. One or two queries."""
    post: Post | None = Post.objects.filter(image=image).first()
    return {
        "image": image,
        "offer": offer,
        "post": post,
        "decision": post.last_decision if post else None,
        "may_send": post is None or post.state in MOVES[Decision.Verb.PUBLISH].sources,
        "may_withdraw": post is not None and post.state in MOVES[Decision.Verb.WITHDRAW].sources,
        "csrf_token": context.get("csrf_token"),
    }
