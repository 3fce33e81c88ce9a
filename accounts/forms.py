"""The forms of the account pages, and what every form does with a refusal."""

from __future__ import annotations

from django import forms

from accounts.refusals import Refusal


class RefusableForm(forms.Form):
    """A form that shows what a verb refused."""

    def refuse(self, refusal: Refusal) -> int:
        """Put a refusal at the field it is about; without one it stands above the form. The status of the answer."""
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, forms.ValidationError(refusal.message, refusal.code))
        return refusal.status


class TokenForm(forms.Form):
    """A new API token: what it is for, and how much it may spend."""

    name = forms.CharField(max_length=60, help_text="What uses it, so that you know which one to remove.")
    budget = forms.IntegerField(
        min_value=1, max_value=1_000_000_000, required=False, label="Credits it may spend", help_text="Empty: no limit."
    )
