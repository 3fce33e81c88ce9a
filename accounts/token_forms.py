"""The form of a new API token: what it is for, what it may do, and what bounds it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator

from accounts.models import User
from accounts.scopes import Scope

MOST_NAMES = 50
NAME_CHARS = 100
MOST_CREDITS = 1_000_000_000


class Lines(forms.CharField):
    """One thing on each line, or between commas; a list without repetitions."""

    widget = forms.Textarea(attrs={"rows": 2})

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=MOST_NAMES * (NAME_CHARS + 1), **options)

    def clean(self, value: Any) -> list[str]:
        words = [word.strip() for word in super().clean(value).replace(",", "\n").splitlines()]
        names = list(dict.fromkeys(word for word in words if word))
        if len(names) > MOST_NAMES or any(len(name) > NAME_CHARS for name in names):
            raise forms.ValidationError(f"At most {MOST_NAMES} names of {NAME_CHARS} characters.", "too-many")
        return self.read(names)

    def read(self, names: list[str]) -> list[str]:
        return names


class Networks(Lines):
    """Addresses, and networks such as 10.0.0.0/8, as they are compared."""

    def read(self, names: list[str]) -> list[str]:
        return list(dict.fromkeys(self._networks(names)))

    def _networks(self, names: list[str]) -> Iterable[str]:
        for name in names:
            try:
                yield str(ip_network(name, strict=False))
            except ValueError:
                raise forms.ValidationError(f"“{name}” is no address or network.", "no-address") from None


class TokenForm(forms.Form):
    name = forms.CharField(max_length=60, help_text="What uses it, so that you know which one to remove.")
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        initial=[Scope.READ, Scope.GENERATE],
        widget=forms.CheckboxSelectMultiple,
        label="What it may do",
    )
    budget = forms.IntegerField(
        min_value=1, max_value=MOST_CREDITS, required=False, label="Credits it may spend", help_text="Empty: no limit."
    )
    daily_credits = forms.IntegerField(
        min_value=1,
        max_value=MOST_CREDITS,
        required=False,
        label="Credits it may spend in a day",
        help_text="A day begins at midnight UTC. Empty: no limit.",
    )
    days = forms.IntegerField(min_value=1, required=False, label="Days until it expires")
    allowed_checkpoints = Lines(label="Checkpoints it may use", help_text="Their names, one a line. Empty: all.")
    allowed_loras = Lines(label="LoRAs it may use", help_text="Their names, one a line. Empty: all.")
    allowed_addresses = Networks(
        label="Addresses it may be used from",
        help_text="Such as 192.0.2.7 or 10.0.0.0/8, one a line. Empty: all.",
    )
    speaks_for_people = forms.BooleanField(
        required=False,
        label="It speaks for several people",
        help_text="For a program such as Open WebUI, which says in a signed header which person asks. You get a "
        "secret to sign with.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.is_superuser:  # whoever can sign in people's names can be everybody
            del self.fields["speaks_for_people"]
        longest: Any = settings.REST_KNOX["TOKEN_TTL"]
        most = longest.days
        days = self.fields["days"]
        days.max_value = most  # type: ignore[attr-defined]
        days.validators.append(MaxValueValidator(most))
        days.widget.attrs["max"] = most
        days.help_text = f"At most {most}, which is also meant where it is empty."

    def bounds(self) -> dict[str, Any]:
        """What the new row is made with."""
        data = dict(self.cleaned_data)
        days = data.pop("days")
        return data | ({"expiry": timedelta(days=days)} if days else {})

    def limits(self) -> list[forms.BoundField]:
        """The fields that most people leave as they are."""
        return [field for field in self if field.name not in ("name", "scopes")]

    def has_wrong_limits(self) -> bool:
        return any(field.errors for field in self.limits())
