"""Texts that would do something wherever they are taken for more than text, and the columns that they are put into.

Every column of text is written, but for those that are named here as not written by anybody. A new one fails the crawl
until some page shows it, or it is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.query import QuerySet

MARK = re.compile(r"zq(\d+)r\d+z", re.IGNORECASE)
LONG = (
    "javascript:{mark}/*\" onfocus={mark} ' onblur={mark} ></script></style></textarea></title>--><svg onload={mark}>"
    "{{{{31337|add:1}}}}{{% now %}}]]>&lt;b&gt;\u202e=1+1"
)
MIDDLE = "javascript:{mark}\"'></script><svg onload={mark}>"
SHORT = "{mark}\"'><svg onload=z>"
ADDRESS = '"\'><svg/onload={mark}>"@example.org'

ALREADY_CHECKED = (models.SlugField, models.UUIDField)
CODE = {"code", "sha256", "pdq", "stamp", "path", "file", "thumbnail", "key", "session_key", "worker", "lora_hash"}
"""Columns of any table that only the site writes."""
NOT_WRITTEN = {
    "accounts.User": {"password", "username", "skeleton", "group_grants"},
    "accounts.CreditEntry": {"reference"},
    "accounts.ApiToken": {"digest", "token_key", "scopes", "allowed_addresses", "people_secret"},
    "allauth_idp_oidc.Client": {
        "id",
        "secret",
        "scopes",
        "default_scopes",
        "grant_types",
        "redirect_uris",
        "cors_origins",
        "response_types",
        "data",
    },
    "allauth_idp_oidc.Token": {"hash", "scopes", "data"},
    "accounts.OutgoingMail": {"sender"},
    "accounts.SecurityEvent": {"kind", "address", "request_id", "details"},
    "admin.LogEntry": {"object_id"},
    "auth.Permission": {"name", "codename"},
    "contenttypes.ContentType": {"app_label", "model"},
    "gallery.Post": {"search_words", "facets", "lineage"},
    "gallery.Notification": {"group"},
    "generation.Job": {"submission", "checkpoint_sha256", "made_from", "error_code"},
    "generation.GeneratedImage": {
        "thumbnail_320",
        "thumbnail_1280",
        "svg_file",
        "animation_file",
        "film_file",
        "search_words",
        "checkpoint",
    },
    "generation.PictureFacet": {"value"},
    "generation.PictureLora": {"name"},
    "generation.KeptAnswer": {"fingerprint", "body", "location"},
    "generation.Checkpoint": {"name", "layout", "default_sampler", "file_name"},
    "generation.Lora": {"name", "file_name", "series", "allowed_licences"},
    "generation.Embedding": {"name", "file_name"},
    "generation.Vae": {"name", "file_name"},
    "generation.ControlNet": {"name", "file_name"},
    "generation.Annotator": {"name", "file_name"},
    "generation.Upscaler": {"name", "file_name"},
    "generation.Wildcard": {"name"},
    "generation.DataPicture": {"crop", "focus"},
    "generation.LabGrid": {"submission"},
    "generation.RuleVersion": {"rule"},
    "generation.SafeguardRecord": {"job"},
    "generation.TrainingSearch": {"axes", "rungs", "recipe_json"},
    "generation.TrainingRun": {"checkpoint_sha256", "curve", "state_files", "error_code"},
    "generation.Snapshot": {"samples"},
    "generation.GpuWorker": {"name", "device", "checkpoints", "metrics"},
    "mfa.Authenticator": {"data"},
    "sessions.Session": {"session_data"},
    # What people sign in with is in the settings, and tokens of it are not kept.
    "socialaccount.SocialApp": {"provider", "provider_id", "name", "client_id", "secret", "settings"},
    "socialaccount.SocialToken": {"token", "token_secret"},
    "socialaccount.SocialAccount": {"provider"},
    "usersessions.UserSession": {"data"},
}
"""Made by the site, or of letters that its own check lets through: names, hashes, counts, folded words."""

Fill = Callable[[Any, str], Any]


def in_recipe(value: Any, text: str) -> Any:
    return {**value, "prompt": text, "negative_prompt": text}


def in_version(value: Any, text: str) -> Any:
    return {**value, "title": text, "sentence": text}


WITHIN: dict[str, Fill] = {
    "generation.Job.recipe_json": in_recipe,
    "generation.GeneratedImage.recipe_json": in_recipe,
    "generation.Draft.fields": in_recipe,
    "generation.LabGrid.plan_json": lambda value, text: {**value, "recipe": in_recipe(value["recipe"], text)},
    "generation.LoraMerge.parents": lambda value, text: [{**each, "title": text, "name": text} for each in value],
    "generation.RuleVersion.content": in_version,
    "generation.Snapshot.memorised": lambda value, text: [[0, text]],
    "generation.TrainingRun.manifest": lambda value, text: [{**each, "name": text, "caption": text} for each in value],
    "socialaccount.SocialAccount.extra_data": lambda value, text: {**value, "name": text},
    "generation.TrainingRun.recipe_json": lambda value, text: {**value, "trigger": text, "sample_prompts": [text]},
}
"""Where in a JSON column a text stands; elsewhere the column is a list of texts."""


def written_columns() -> list[models.Field[Any, Any]]:
    """Every column that somebody's text may stand in."""
    return [field for model in apps.get_models() for field in model._meta.concrete_fields if is_written(field)]


def is_written(field: models.Field[Any, Any]) -> bool:
    if not isinstance(field, models.CharField | models.TextField | models.JSONField) or field.choices:
        return False
    if isinstance(field, ALREADY_CHECKED) or field.name in CODE:
        return False
    return field.name not in NOT_WRITTEN.get(field.model._meta.label, ())


def text_for(field: models.Field[Any, Any], mark: str) -> str:
    """The longest payload that the column takes."""
    if isinstance(field, models.EmailField):
        return ADDRESS.format(mark=mark)
    room = field.max_length or 1000
    # Phrases are read as a grammar in which braces mean something.
    kinds = (MIDDLE, SHORT) if str(field) == "generation.PhraseList.phrases" else (LONG, MIDDLE, SHORT)
    return next(text for text in (kind.format(mark=mark) for kind in kinds) if len(text) <= room)


def write_into(field: models.Field[Any, Any], number: int) -> int:
    """Put a payload into the column of every row; how many rows. Past the guards of what is written once."""
    rows: QuerySet[Any] = QuerySet(field.model)
    values = dict(rows.values_list("pk", field.name))
    for place, (key, value) in enumerate(values.items()):
        text = text_for(field, f"zq{number}r{place}z")
        if isinstance(field, models.JSONField):
            within = WITHIN.get(str(field))
            text = within(value, text) if within else [text]  # type: ignore[assignment]
        rows.filter(pk=key).update(**{field.name: text})
    return len(values)
