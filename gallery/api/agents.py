"""The agents' tool that sends a picture into the gallery; the tools that make and find pictures are `generation`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework.request import Request

from accounts.ratings import Rating
from gallery.models import Post
from gallery.publishing import MOST_TAGS, TITLE_CHARS, publish_image
from generation.api.access import get_image, user_of
from generation.api.mcp.schemas import CODE, object_of
from generation.api.mcp.tool import Tool


class Publish(Tool):
    """Send a picture of one's own into the public gallery."""

    name = "publish"
    title = "Publish a picture"
    description = (
        "Send one of the person's pictures to the public gallery, under their name. A moderator looks at it before "
        "others see it. Ask the person first: this shows their picture, and by default its prompt, to everybody."
    )
    scope = "publish"

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        return object_of(
            {
                "image": {**CODE, "description": "The code of the picture, as make_picture and my_pictures give it."},
                "title": {"type": "string", "minLength": 1, "maxLength": TITLE_CHARS},
                "tags": {"type": "array", "maxItems": MOST_TAGS, "items": {"type": "string", "maxLength": 100}},
                "rating": {"type": "string", "enum": [*Rating.values], "default": Rating.GENERAL.value},
                "shares": {
                    "type": "string",
                    "enum": [*Post.Shares.values],
                    "default": Post.Shares.RECIPE.value,
                    "description": "What others see of the recipe.",
                },
            },
            ["image", "title"],
        )

    def call(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        post = publish_image(
            user_of(request),
            get_image(request, arguments["image"]),
            arguments["title"],
            arguments.get("tags", ()),
            arguments.get("rating", Rating.GENERAL),
            arguments.get("shares", Post.Shares.RECIPE),
        )
        page = f"{settings.SITE_URL}{reverse('post', args=[post.code])}"
        return {"code": post.code, "state": post.state, "page": page, "waits_for": "a moderator"}
