"""The account page that says whether what is new comes as a mail once a day."""

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


class DigestForm(forms.ModelForm[User]):
    wants_digest = forms.BooleanField(label="Mail me once a day what is new", required=False)

    class Meta:
        model = User
        fields = ["wants_digest"]


@login_required
@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "POST"])
def digest(request: HttpRequest) -> HttpResponse:
    form = DigestForm(request.POST if request.method == "POST" else None, instance=cast(User, request.user))
    if request.method == "POST" and form.is_valid():
        form.save(commit=False).save(update_fields=["wants_digest"])
        messages.success(request, "Saved.")
        return redirect("account-notifications")
    return render(request, "accounts/digest.html", {"form": form}, status=400 if form.errors else 200)
