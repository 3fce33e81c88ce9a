"""A person's own styles: making, changing, deleting, and the way from and to A1111's file; beside them the site's."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import RefusableForm
from accounts.questions import Question, ask
from accounts.refusals import NotFound, Refusal
from generation.catalog.styles import (
    MAX_CSV_BYTES,
    MAX_STYLES,
    StyleFields,
    export_styles,
    import_styles,
    own_style,
    sample_of,
    save_style,
    shipped_styles,
)
from generation.models import Checkpoint, OwnStyle
from generation.models.catalog import FAMILY_TITLES
from generation.recipes.fields import MAX_NAME_CHARS, MAX_PROMPT_CHARS
from generation.recipes.styles import PLACE
from generation.web.access import SignedInRequest, refusals_on, signed_in_only

DELETE_STYLE = Question(
    "Delete this style?",
    "Pictures that were made with it stay as they are.",
    label="Delete the style",
    stay="Keep the style",
)
FILE_NAME = "styles.csv"


class StyleForm(RefusableForm):
    name = forms.CharField(max_length=MAX_NAME_CHARS)
    prompt = forms.CharField(
        required=False,
        max_length=MAX_PROMPT_CHARS,
        help_text=f"{PLACE} is where the picture's own words go. Without it they stand before this.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    negative_prompt = forms.CharField(
        required=False, max_length=MAX_PROMPT_CHARS, widget=forms.Textarea(attrs={"rows": 2})
    )
    family = forms.ChoiceField(
        label="For checkpoints of",
        required=False,
        choices=[("", "Any family"), *FAMILY_TITLES.items()],
        help_text="It is offered where such a checkpoint is chosen.",
    )
    sample = forms.CharField(
        label="Sample picture",
        required=False,
        max_length=16,
        help_text="The code of a picture of yours, the last part of its address.",
    )


@signed_in_only
@require_http_methods(["GET", "POST"])
def styles(request: SignedInRequest) -> HttpResponse:
    """All styles that this person can pick; POST makes one of their own."""
    form = StyleForm(request.POST or None)
    if form.carries_out(lambda **fields: save_style(request.user, StyleFields(**fields))):
        messages.success(request, f"“{form.cleaned_data['name']}” is among your styles.")
        return redirect("styles")
    context = {
        "form": form,
        "own": list(OwnStyle.objects.of(request.user).select_related("sample")),
        "shipped": shipped_sections(),
        "most": MAX_STYLES,
        "file_limit": MAX_CSV_BYTES >> 20,
    }
    return render(request, "generation/styles.html", context, status=form.status)


def shipped_sections() -> list[dict[str, Any]]:
    """The site's styles by family, each with the address of its sample picture; families that draw here come first."""
    here = set(Checkpoint.objects.filter(is_enabled=True).values_list("family", flat=True))
    sections = [(family, list(rows)) for family, rows in groupby(shipped_styles(), key=lambda row: row.family)]
    return [
        {"title": FAMILY_TITLES[family], "rows": [{"style": row, "sample": sample_of(row)} for row in rows]}
        for family, rows in sorted(sections, key=lambda section: section[0] not in here)
    ]


@signed_in_only
@require_http_methods(["GET", "POST"])
def style(request: SignedInRequest, code: str) -> HttpResponse:
    """One's own style, to change."""
    row = found(request, code)
    initial = {
        "name": row.name, "prompt": row.prompt, "negative_prompt": row.negative_prompt, "family": row.family,
        "sample": row.sample.code if row.sample else "",
    }  # fmt: skip
    form = StyleForm(request.POST or None, initial=initial)
    if form.carries_out(lambda **fields: save_style(request.user, StyleFields(**fields), row)):
        messages.success(request, "Saved.")
        return redirect("styles")
    context = {"form": form, "name": initial["name"], "code": code, "deletion": DELETE_STYLE}
    return render(request, "generation/style.html", context, status=form.status)


@signed_in_only
@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, code: str) -> HttpResponse:
    """Asks first, for browsers that open no dialog."""
    row = found(request, code)
    if request.method == "GET":
        return ask(request, DELETE_STYLE, row.name, reverse("style", args=[code]))
    row.delete()
    messages.success(request, f"“{row.name}” is deleted. Pictures that were made with it stay as they are.")
    return redirect("styles")


@signed_in_only
@require_POST
@refusals_on("styles")
def bring(request: SignedInRequest) -> HttpResponse:
    """Take the styles of a file of A1111's."""
    upload = request.FILES.get("file")
    if upload is None:
        raise Refusal("no-file", f"Choose a {FILE_NAME} first.", field="file")
    brought = import_styles(request.user, upload.read(MAX_CSV_BYTES + 1))
    said = f"{brought.added} style{'' if brought.added == 1 else 's'} added, {brought.updated} changed."
    messages.success(request, said)
    for sentence in brought.refused[:5]:
        messages.warning(request, f"Left out: {sentence}")
    return redirect("styles")


@signed_in_only
@require_GET
def export(request: SignedInRequest) -> HttpResponse:
    """One's own styles as the file that A1111 keeps."""
    response = HttpResponse(export_styles(request.user), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response


def found(request: SignedInRequest, code: str) -> OwnStyle:
    try:
        return own_style(request.user, code)
    except NotFound as missing:
        raise Http404(missing.message) from missing
