"""The forms of the account pages."""

from __future__ import annotations

from django import forms


class TokenForm(forms.Form):
    """A new API token: what it is for, and how much it may spend."""

    name = forms.CharField(max_length=60, help_text="What uses it, so that you know which one to remove.")
    budget = forms.IntegerField(
        min_value=1, max_value=1_000_000_000, required=False, label="Credits it may spend", help_text="Empty: no limit."
    )
