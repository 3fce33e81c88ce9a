"""Forms of people's own LoRAs. Limits and rules are the verbs'; a form gives shape and words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.forms import RefusableForm
from generation.catalog.loras.licences import key_of, licences_within
from generation.catalog.loras.naming import DESCRIPTION_CHARS, MOST_WORDS, NAME_CHARS, TITLE_CHARS, WORD_CHARS
from generation.catalog.loras.versions import may_follow
from generation.models import Lora


class UploadForm(RefusableForm):
    file = forms.FileField(
        label="File",
        widget=forms.ClearableFileInput(attrs={"accept": ".safetensors"}),
        error_messages={"required": "Choose a .safetensors file.", "empty": "The file is empty."},
        max_length=None,
    )


class DetailsForm(RefusableForm):
    """What people read about a LoRA, and what prompts call it."""

    title = forms.CharField(max_length=TITLE_CHARS)
    name = forms.CharField(
        max_length=NAME_CHARS,
        label="Name in prompts",
        help_text="One word of letters, digits and hyphens, by which prompts pick it.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )
    description = forms.CharField(
        required=False, max_length=DESCRIPTION_CHARS, widget=forms.Textarea(attrs={"rows": 4})
    )
    trigger_words = forms.CharField(
        required=False,
        max_length=MOST_WORDS * (WORD_CHARS + 2),
        help_text="Words that call what it learned, with commas between.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )
    licence = forms.ChoiceField(required=False)
    may_download = forms.BooleanField(
        required=False, label="Who may use it may also download the file", help_text="Downloads are counted."
    )

    def __init__(self, lora: Lora, data: Mapping[str, Any] | None = None) -> None:
        words = ", ".join(map(str, lora.trigger_words))
        kept = {field: getattr(lora, field) for field in ("title", "name", "description", "may_download")}
        super().__init__(data, initial={**kept, "trigger_words": words, "licence": key_of(lora.licence)})
        allowed = [(key, licence.title) for key, licence in licences_within(lora.allowed_licences).items()]
        self.fields["licence"].choices = [("", "Not chosen yet"), *allowed]  # type: ignore[attr-defined]
        if lora.allowed_licences:
            self.fields["licence"].help_text = "These are what the LoRAs it was merged from allow."

    @property
    def details(self) -> dict[str, object]:
        """What `describe` takes; a licence that was not chosen is not said, nor are words as they stood.

        A trigger may hold a comma, so what was not touched is not read anew.
        """
        data = dict(self.cleaned_data)
        data["trigger_words"] = [word for word in data["trigger_words"].split(",") if word.strip()]
        if "trigger_words" not in self.changed_data:
            del data["trigger_words"]
        if not data["licence"]:
            del data["licence"]
        return data


class VersionForm(RefusableForm):
    """Which of one's own LoRAs this one carries on."""

    version_of = forms.ChoiceField(label="A newer version of", error_messages={"required": "Choose a LoRA."})

    def __init__(self, lora: Lora, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        choices = [(row.name, f"{row.title} ({row.word})") for row in may_follow(lora)]
        self.fields["version_of"].choices = choices  # type: ignore[attr-defined]
        self.is_of_use = bool(choices)


class PeopleForm(RefusableForm):
    people = forms.CharField(
        required=False,
        max_length=3000,
        label="People who may use it",
        help_text="Their user names, with commas between. They see it among their LoRAs.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "placeholder": "nobody yet"}),
    )

    @classmethod
    def of(cls, lora: Lora) -> PeopleForm:
        names = lora.shared_with.order_by("username").values_list("username", flat=True)
        return cls(initial={"people": ", ".join(names)})

    @property
    def names(self) -> list[str]:
        return str(self.cleaned_data["people"]).split(",")
