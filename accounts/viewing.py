"""The account page that says up to which rating pictures are shown without a veil."""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.ratings import Rating

LEVELS = [
    (Rating.GENERAL, "General: blur what is sensitive or explicit"),
    (Rating.SENSITIVE, "Sensitive: blur only what is explicit"),
    (Rating.EXPLICIT, "Explicit: show everything. I am of age where I live"),
]


class ViewingForm(forms.ModelForm[User]):
    shown_rating = forms.ChoiceField(label="Show me pictures up to", choices=LEVELS, widget=forms.RadioSelect)

    class Meta:
        model = User
        fields = ["shown_rating"]


@login_required
@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "POST"])
def viewing(request: HttpRequest) -> HttpResponse:
    form = ViewingForm(request.POST or None, instance=cast(User, request.user))
    if request.method == "POST" and form.is_valid():
        form.save(commit=False).save(update_fields=["shown_rating"])
        messages.success(request, "Saved. It counts everywhere on this site.")
        return redirect("account-viewing")
    return render(request, "accounts/viewing.html", {"form": form}, status=400 if form.errors else 200)
