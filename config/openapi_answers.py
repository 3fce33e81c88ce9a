"""What the API's description says that operations may answer besides what they are for: each status, and of whom."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

PROBLEM: Schema = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "The address of the code's explanation."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for people."},
        "code": {"type": "string", "description": "For programs; it stays the same. All are listed at /api/problems/."},
        "errors": {
            "type": "array",
            "description": "The fields at fault, if any are.",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("field", "code", "detail")},
            },
        },
    },
}
_CONTENT: Schema = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_LATER: Schema = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}}}
ANSWERS: dict[str, Schema] = {
    "304": {"description": "It is what `If-None-Match` names."},
    "400": {"description": "It cannot be read, or asks for what cannot be.", "content": _CONTENT},
    "401": {"description": "Nobody is known by what was sent along.", "content": _CONTENT},
    "402": {"description": "The balance, or the token's budget, does not pay for it.", "content": _CONTENT},
    "403": {"description": "Whoever asks, or their token, may not do this.", "content": _CONTENT},
    "404": {"description": "There is no such thing, or it is somebody else's.", "content": _CONTENT},
    "409": {"description": "The thing is in a state in which this cannot be done.", "content": _CONTENT},
    "413": {"description": "More was sent than this address takes.", "content": _CONTENT},
    "415": {"description": "No body of this type is read here.", "content": _CONTENT},
    "422": {"description": "No recipe can be so, or the key stands for another request.", "content": _CONTENT},
    "429": {"description": "It is more, or more often, than is let.", "headers": _LATER, "content": _CONTENT},
    "503": {"description": "A part of the site is away.", "headers": _LATER, "content": _CONTENT},
    "507": {"description": "The site has no room left.", "content": _CONTENT},
}
ALWAYS = ("400", "401", "403", "429", "503")
ALSO: dict[str, tuple[str, ...]] = {
    "402": ("grids_create", "jobs_create", "jobs_create_batch", "runs_create", "searches_create"),
    "404": (
        "appeals_create", "grids_create", "images_list", "jobs_create", "jobs_create_batch", "links_create",
        "loras_create", "posts_create", "releases_create", "runs_create", "searches_create", "selections_create",
        "styles_create", "verify_create",
    ),
    "409": (
        "albums_partial_update", "collections_posts_update", "comments_destroy", "datasets_destroy",
        "datasets_pictures_destroy", "grids_cancel_create", "images_file_retrieve", "jobs_cancel_create",
        "jobs_prefer_create", "loras_destroy", "loras_partial_update", "posts_destroy", "posts_like_update",
        "releases_destroy", "runs_destroy", "runs_discard_create", "runs_pause_create", "runs_resume_create",
        "runs_stop_create", "searches_cancel_create", "searches_destroy", "styles_partial_update", "webhooks_create",
        "webhooks_partial_update", "wildcards_partial_update",
    ),
    "422": ("prompts_inspect_create",),
}  # fmt: skip
"""A status -> the operations that have it beyond what is read off their shape."""


def answers_of(method: str, operation: Schema) -> dict[str, Schema]:
    """A reference for each status that the operation may answer with."""
    statuses = {*ALWAYS, *(status for status, names in ALSO.items() if operation["operationId"] in names)}
    parameters = operation.get("parameters", [])
    if any(each["in"] == "path" for each in parameters):
        statuses.add("404")
    if any(each["name"] == "Idempotency-Key" for each in parameters):
        statuses |= {"409", "413", "415", "422"}  # by what its body is told from others
    if "requestBody" in operation:
        statuses |= {"413", "415"}
    if method != "get":
        statuses.add("507")
    elif "text/event-stream" not in operation["responses"]["200"]["content"]:
        statuses.add("304")
    return {status: {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}
