"""Pictures that come along with the Create form as files, as without a script: they are brought, and named in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from accounts.models import User
from generation.jobs.sources import bring_picture
from generation.web.create import control_pictures, starting
from generation.web.create.control_pictures import refusals_at

FIELDS: Mapping[str, str] = {**starting.FILES, **control_pictures.FILES}


def bring_files(user: User, typed: QueryDict, uploads: Mapping[str, UploadedFile[Any]]) -> None:
    """Write the codes of the pictures into the form's fields, which keep them where a later one is refused.

    Raises Refusal at the field of that one.
    """
    for file, field in FIELDS.items():
        if file in uploads:
            with refusals_at(field):
                typed[field] = bring_picture(user, uploads[file]).code
            if field == "source":  # a mask that was painted for another picture
                typed["mask"] = ""
