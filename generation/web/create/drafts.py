"""The unsent Create form: kept on the server, so that every tab and device of a person shows the same one."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from accounts.models import User
from generation.models import Draft
from generation.web.access import SignedInRequest, signed_in_only
from generation.web.create.forms import typed_fields

READ_NOTICE = "picture_read"
"""Session key of what the next page shows, once, of the picture that filled the draft."""


def draft_of(user: User) -> dict[str, str]:
    draft = Draft.objects.filter(owner=user).first()
    return dict(draft.fields) if draft else {}


def keep_draft(user: User, fields: Mapping[str, str]) -> None:
    # PostgreSQL stores no NUL, and nobody typed one on purpose.
    kept = {name: value.replace("\0", "") for name, value in fields.items()}
    Draft.objects.update_or_create(owner=user, defaults={"fields": kept})


@signed_in_only
@require_POST
def draft(request: SignedInRequest) -> HttpResponse:
    keep_draft(request.user, typed_fields(request.POST))
    return HttpResponse(status=204)
