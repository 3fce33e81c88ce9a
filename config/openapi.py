"""What the API's description says beyond what views tell: a line for each operation, bodies that work, the token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.openapi_answers import ANSWERS, PROBLEM, answers_of

Schema = dict[str, Any]

SUMMARIES = {
    "albums_list": "List your albums",
    "albums_create": "Make an album",
    "albums_retrieve": "Look at an album",
    "albums_partial_update": "Rename an album",
    "albums_destroy": "Delete an album",
    "albums_images_create": "Put pictures into an album",
    "albums_images_destroy": "Take a picture out of an album",
    "appeals_list": "List your appeals",
    "appeals_create": "Object to a decision about you",
    "authors_follow_retrieve": "Whether you follow an author",
    "authors_follow_update": "Follow an author",
    "authors_follow_destroy": "Follow an author no longer",
    "samplers_list": "List samplers",
    "upscalers_list": "List upscalers",
    "vaes_list": "List VAEs",
    "controlnets_list": "List ControlNets",
    "preprocessors_list": "List preprocessors",
    "embeddings_list": "List embeddings",
    "checkpoints_list": "List checkpoints",
    "collections_list": "List your collections",
    "collections_create": "Make a collection",
    "collections_retrieve": "Look at a collection",
    "collections_partial_update": "Rename a collection, or change who sees it",
    "collections_destroy": "Delete a collection",
    "collections_posts_list": "List the posts in a collection",
    "collections_posts_update": "Put a post into a collection",
    "collections_posts_destroy": "Take a post out of a collection",
    "collections_people_update": "Let somebody fill a collection of yours",
    "collections_people_destroy": "Let somebody fill it no longer",
    "feed_list": "List what those whom you follow show",
    "ledger_list": "List the movements of your credits",
    "tokens_list": "List your tokens",
    "tokens_destroy": "Remove a token",
    "comments_destroy": "Delete a comment of yours",
    "comments_list": "List your comments",
    "comments_report_create": "Report a comment",
    "datasets_list": "List your data sets",
    "datasets_create": "Begin a data set",
    "datasets_retrieve": "Look at a data set",
    "datasets_partial_update": "Change a data set's words or split",
    "datasets_destroy": "Delete a data set",
    "datasets_captions_create": "Change all captions of a data set",
    "datasets_images_create": "Add pictures that you made here",
    "datasets_pictures_create": "Upload pictures",
    "datasets_pictures_partial_update": "Change a picture's caption, crop or focus",
    "datasets_pictures_destroy": "Take a picture out of a data set",
    "grids_list": "List your grids",
    "grids_create": "Draw a grid",
    "grids_retrieve": "Look at a grid",
    "grids_cancel_create": "Cancel the rest of a grid",
    "images_list": "List your pictures",
    "images_retrieve": "Look at a picture",
    "grids_film_retrieve": "Download the film of a way",
    "images_partial_update": "Star a picture",
    "images_destroy": "Delete a picture",
    "images_file_retrieve": "Download a picture",
    "images_small_retrieve": "Download a smaller picture",
    "images_trace_create": "Trace a picture into paths",
    "jobs_list": "List your jobs",
    "jobs_create": "Make pictures",
    "jobs_create_batch": "Make pictures by several recipes",
    "jobs_events": "Follow a job",
    "jobs_events_all": "Follow all your jobs",
    "jobs_retrieve": "Look at a job",
    "jobs_cancel_create": "Cancel a job",
    "jobs_cancel_all": "Cancel a submission, or everything that waits",
    "jobs_prefer_create": "Draw a job before your others",
    "lines_create": "Get a ticket for a live line",
    "links_list": "List your links",
    "links_create": "Share a picture or an album by a link",
    "links_destroy": "End a link",
    "loras_list": "List LoRAs",
    "loras_create": "Upload a LoRA",
    "loras_retrieve": "Look at a LoRA",
    "loras_partial_update": "Change a LoRA of yours",
    "loras_destroy": "Delete a LoRA",
    "loras_file_retrieve": "Download a LoRA",
    "me_retrieve": "Who you are, and what you have left",
    "merges_list": "List your merges",
    "merges_create": "Merge LoRAs",
    "notices_create": "Send a notice by law",
    "notifications_list": "List what is new for you",
    "notifications_read_create": "Mark notifications as read",
    "posts_list": "List the gallery, or your posts",
    "posts_create": "Publish a picture",
    "posts_retrieve": "Look at a post",
    "posts_destroy": "Withdraw a post",
    "posts_comments_list": "List the comments on a post",
    "posts_comments_create": "Comment on a post",
    "posts_like_retrieve": "Whether you like a post",
    "posts_like_update": "Like a post",
    "posts_like_destroy": "Like a post no longer",
    "posts_report_create": "Report a post",
    "prompts_inspect_create": "Explain a prompt",
    "recipes_read_create": "Read a recipe out of a picture",
    "releases_list": "List your releases",
    "releases_create": "Publish a LoRA",
    "releases_retrieve": "Look at a release",
    "releases_destroy": "Withdraw a release",
    "runs_list": "List your trainings",
    "runs_create": "Train a LoRA",
    "runs_retrieve": "Look at a training",
    "runs_destroy": "Delete a training",
    "runs_discard_create": "Stop and discard a training",
    "runs_pause_create": "Pause a training",
    "runs_resume_create": "Resume a training",
    "runs_snapshots_file_retrieve": "Download the LoRA of one step",
    "runs_stop_create": "Stop a training and keep its best",
    "sanctions_list": "List your strikes and suspensions",
    "searches_list": "List your searches",
    "searches_create": "Search for the best settings",
    "searches_retrieve": "Look at a search",
    "searches_destroy": "Delete a search",
    "sources_list": "List your pictures to start from",
    "sources_create": "Bring a picture to start from",
    "sources_retrieve": "Look at a picture to start from",
    "sources_destroy": "Delete a picture to start from",
    "sources_file_retrieve": "Download a picture to start from",
    "sources_small_retrieve": "Download a small one of it",
    "sources_mask_create": "Take its transparent places as a mask",
    "searches_cancel_create": "Cancel a search",
    "selections_create": "Select by click in a picture",
    "selections_retrieve": "Look at a selection",
    "styles_list": "List styles",
    "styles_create": "Make a style",
    "styles_retrieve": "Look at a style of yours",
    "styles_partial_update": "Change a style",
    "styles_destroy": "Delete a style",
    "transparency_retrieve": "What moderators did, in numbers",
    "verify_create": "Verify a picture's marks",
    "webhooks_list": "List your webhooks",
    "webhooks_create": "Make a webhook",
    "webhooks_retrieve": "Look at a webhook",
    "webhooks_partial_update": "Change a webhook",
    "webhooks_destroy": "Delete a webhook",
    "webhooks_secret_rotate": "Get another secret for a webhook",
    "webhooks_test": "Try a webhook",
    "webhooks_deliveries_list": "List what a webhook was told",
    "webhooks_deliveries_redeliver": "Send a message of a webhook again",
    "wildcards_list": "List wildcard lists",
    "wildcards_create": "Make a wildcard list",
    "wildcards_retrieve": "Look at a wildcard list",
    "wildcards_partial_update": "Change a wildcard list",
    "wildcards_destroy": "Delete a wildcard list",
}
"""The line of each operation; of one that is not here it is the first line of its view's docstring."""

CODE = "h8Kq2mXw4bTz"
"""Stands in bodies for the code of a thing of yours."""

BODIES: dict[str, Any] = {
    "albums_create": {"title": "Lighthouses"},
    "albums_partial_update": {"title": "Lighthouses by night"},
    "albums_images_create": {"images": [CODE]},
    "appeals_create": {"subject": "post", "code": CODE, "words": "It is my own work."},
    "collections_create": {"title": "Lighthouses", "visibility": "public"},
    "collections_partial_update": {"visibility": "link"},
    "comments_report_create": {"reason": "hateful", "words": "It insults somebody."},
    "datasets_create": {"title": "Noto emoji", "trigger": "noto style", "consent": True},
    "datasets_partial_update": {"title": "Ten Noto emoji", "held_out": 2},
    "datasets_captions_create": {"find": "an emoji of", "put": "noto style,"},
    "datasets_images_create": {"images": [CODE]},
    "datasets_pictures_partial_update": {"caption": "noto style, a red apple", "crop": [0, 0, 1, 0.9]},
    "grids_create": {
        "prompt": "a red apple",
        "seed": 7,
        "axes": [{"field": "cfg_scale", "values": ["3", "5"]}, {"field": "steps", "values": ["10", "20"]}],
    },
    "images_partial_update": {"starred": True},
    "links_create": {"image": CODE, "days": 7},
    "jobs_create": {"prompt": "a red apple on a table", "steps": 20, "count": 2},
    "jobs_create_batch": {"recipes": [{"prompt": "a red apple"}, {"prompt": "a green apple", "count": 2}]},
    "jobs_cancel_all": {"submission": CODE},
    "loras_partial_update": {"title": "Ink and wash", "trigger_words": ["ink drawing"], "licence": "cc-by"},
    "merges_create": {
        "title": "Ink and oil",
        "parents": [{"name": "line-art", "weight": 0.6}, {"name": "fluent-3d", "weight": 0.4}],
    },
    "notices_create": {
        "kind": "intimate",
        "addresses": ["/gallery/h8Kq2mXw4bTz/"],
        "statement": "It shows me, and I never agreed.",
        "email": "dora@example.org",
        "name": "Dora Doe",
        "signature": "Dora Doe",
        "is_in_good_faith": True,
    },
    "notifications_read_create": {"until": "2026-11-28T12:00:00Z"},
    "posts_create": {"image": CODE, "title": "A red apple", "tags": ["fruit", "still life"]},
    "posts_comments_create": {"words": "What a light!"},
    "posts_report_create": {"reason": "copied", "words": "It is a picture of mine."},
    "prompts_inspect_create": {"prompt": "a (red:1.2) apple", "steps": 20},
    "releases_create": {"lora": "ink-and-wash", "samples": [CODE]},
    "runs_create": {"dataset": CODE, "name": "noto-style", "preset": "style"},
    "searches_create": {
        "dataset": CODE,
        "name": "noto-style",
        "preset": "style",
        "axes": {"rank": [4, 8], "learning_rate": [0.0005, 0.001]},
        "budget": 400,
    },
    "selections_create": {"source": CODE, "clicks": [{"x": 120, "y": 80}]},
    "styles_create": {
        "name": "Soft ink",
        "prompt": "ink drawing of {prompt}, soft washes",
        "negative_prompt": "photograph",
    },
    "styles_partial_update": {"negative_prompt": "photograph, colour"},
    "verify_create": {"address": "/gallery/h8Kq2mXw4bTz/"},
    "webhooks_create": {"url": "https://hooks.example.org/tempera", "events": ["job.done"]},
    "webhooks_partial_update": {"is_enabled": True},
    "wildcards_create": {"name": "colours", "lines": "red\ngreen\nblue"},
    "wildcards_partial_update": {"lines": "red\ngreen\nblue\nochre"},
}

CLOSED = ("AxesInput",)
"""Bodies of which an unknown field is refused; elsewhere it is ignored."""
TEXT = """\
Make pictures from text. Send a recipe to /jobs, follow the job, fetch the image.

* **Token**: `Authorization: Bearer tmp_...`. `x-scope` of an operation is the scope that it must have.
* **Kinds**: 7 is no text, "7" no number, 1 not true. Unknown fields are ignored. Texts hold no NUL.
* **Refusals** are `application/problem+json` with a stable `code`, of which [all are listed](/api/problems/).
* **Repeating**: a POST that makes something takes an `Idempotency-Key`.
* **Waiting**: `/jobs/{code}?wait=30` answers when the job has ended; `/jobs/events` tells of all of them.
* **Comparing**: answers have an `ETag`; with `If-None-Match` what is the same is 304.
* **How often**: `RateLimit-Limit`, `-Remaining` and `-Reset` (seconds); 429 has `Retry-After`.
* **Finding again**: `X-Request-Id` is yours if you send one, and stands in the site's log.
"""


def description(site_name: str) -> dict[str, Any]:
    """Settings of drf-spectacular."""
    return {
        "TITLE": f"{site_name} API",
        "DESCRIPTION": TEXT,
        "VERSION": "1",
        "SERVE_INCLUDE_SCHEMA": False,
        "SERVE_AUTHENTICATION": [],
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "COMPONENT_SPLIT_PATCH": False,  # what a change leaves out is said by the body itself
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "config.openapi.complete",
            "config.openapi.without_bounds_of_the_database",
        ],
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
        "ENUM_NAME_OVERRIDES": {
            "JobState": "generation.models.jobs.Job.State",
            "NoticeKind": "gallery.models.Notice.Kind",
            "NotificationKind": "gallery.models.Notification.Kind",
            "PictureSchedule": "generation.recipes.sampling.SCHEDULES",
            "PostState": "gallery.models.Post.State",
            "Sampler": "generation.recipes.sampling.SAMPLERS",
            "SanctionKind": "gallery.models.Sanction.Kind",
            "DeliveryState": "generation.models.webhooks.WebhookDelivery.State",
            "SearchState": "generation.models.training.TrainingSearch.State",
            "TrainingSchedule": "generation.recipes.training.SCHEDULES",
        },
    }


COLUMN_BOUNDS = {bound for bits in (15, 31, 63) for bound in (2**bits - 1, -(2**bits))}
"""The least and the largest number of columns of 16, 32 and 64 bits."""


def complete(result: Schema, **kwargs: Any) -> Schema:
    """A hook of drf-spectacular's, after all others. A body without an example is a KeyError."""
    for method, operation in ((method, each) for path in result["paths"].values() for method, each in path.items()):
        name = operation["operationId"]
        operation["summary"] = SUMMARIES.get(name) or operation["description"].split("\n")[0].removesuffix(".")
        operation["responses"] |= answers_of(method, operation)
        operation["security"] = [renamed(way) for way in operation.get("security", [])]
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                content["example"] = BODIES[name]
            else:
                take_files(result, content["schema"])
    schemas = result["components"]["schemas"]
    schemas["Problem"] = PROBLEM
    for name in CLOSED:
        schemas[name]["additionalProperties"] = False
    result["components"]["responses"] = ANSWERS
    ways = result["components"]["securitySchemes"]
    token = {**ways.pop("knoxApiToken"), "description": "A token of yours, made under Account, API tokens."}
    result["components"]["securitySchemes"] = {"bearer": token, **ways}
    return result


def operations_of(schema: Schema) -> Iterator[Schema]:
    for path in schema["paths"].values():
        yield from path.values()


def renamed(way: Schema) -> Schema:
    """The token by the name of its scheme, and not of the library that reads it."""
    return {"bearer" if name == "knoxApiToken" else name: scopes for name, scopes in way.items()}


def take_files(schema: Schema, body: Schema) -> None:
    """Files of a form are its bytes; they are described like answers, where a file is its address."""
    component = schema["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    for field in component["properties"].values():
        each = field.get("items", field)
        if each.get("format") == "uri":
            each["format"] = "binary"


def without_bounds_of_the_database(result: Schema, **kwargs: Any) -> Schema:
    """What the columns of one database can hold is no promise to programs, and another's is another."""
    _drop_bounds(result)
    return result


def _drop_bounds(node: object) -> None:
    if isinstance(node, list):
        for each in node:
            _drop_bounds(each)
    if not isinstance(node, dict):
        return
    for name in ("minimum", "maximum"):
        if node.get(name) in COLUMN_BOUNDS:
            del node[name]
            node.pop("format", None)
    for each in node.values():
        _drop_bounds(each)
