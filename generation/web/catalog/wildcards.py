"""A person's own wildcard lists: making one, changing it, taking it away; beside them those of the site, to read."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.forms import RefusableForm
from accounts.questions import Question, ask
from accounts.refusals import NotFound, Refusal
from generation.catalog.wildcards import MAX_LIST_CHARS, MAX_LISTS, MAX_NAME_CHARS, own_list, save_list
from generation.models import Wildcard
from generation.web.access import SignedInRequest, signed_in_only

DELETE_LIST = Question(
    "Delete this list?",
    "Prompts that name it are refused from then on, unless the site has a list of this name.",
    label="Delete the list",
    stay="Keep the list",
)


class ListForm(RefusableForm):
    name = forms.CharField(
        max_length=MAX_NAME_CHARS + 4,
        help_text="Prompts draw from it by __name__; slashes make folders, as in animals/birds.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )
    lines = forms.CharField(
        max_length=MAX_LIST_CHARS,
        strip=False,
        help_text="One choice a line. 2::word is drawn twice as often; a line that begins with # is a remark.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )


@signed_in_only
@require_http_methods(["GET", "POST"])
def wildcards(request: SignedInRequest) -> HttpResponse:
    """All lists that this person's prompts draw from; POST makes one of their own."""
    form, status = ListForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                row = save_list(request.user, form.cleaned_data["name"], form.cleaned_data["lines"])
                messages.success(request, f"__{row.name}__ is yours.")
                return redirect("wildcards")
            except Refusal as refusal:
                status = form.refuse(refusal)
    rows = list(Wildcard.objects.usable_by(request.user))
    context = {
        "form": form,
        "own": [row for row in rows if row.owner_id is not None],
        "sites": [row for row in rows if row.owner_id is None],
        "most": MAX_LISTS,
    }
    return render(request, "generation/wildcards.html", context, status=status)


@signed_in_only
@require_http_methods(["GET", "POST"])
def wildcard(request: SignedInRequest, name: str) -> HttpResponse:
    """One's own list, to change."""
    row, status = found(request, name), 200
    form = ListForm(request.POST or None, initial={"name": row.name, "lines": row.lines})
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                save_list(request.user, form.cleaned_data["name"], form.cleaned_data["lines"], row)
                messages.success(request, "Saved.")
                return redirect("wildcards")
            except Refusal as refusal:
                status = form.refuse(refusal)
    return render(
        request, "generation/wildcard.html", {"form": form, "name": name, "deletion": DELETE_LIST}, status=status
    )


@signed_in_only
@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, name: str) -> HttpResponse:
    """Asks first, for browsers that open no dialog."""
    row = found(request, name)
    if request.method == "GET":
        return ask(request, DELETE_LIST, f"__{row.name}__", reverse("wildcard", args=[row.name]))
    row.delete()
    messages.success(request, f"__{name}__ is deleted. Pictures that were made with it stay as they are.")
    return redirect("wildcards")


def found(request: SignedInRequest, name: str) -> Wildcard:
    try:
        return own_list(request.user, name)
    except NotFound as missing:
        raise Http404(missing.message) from missing
