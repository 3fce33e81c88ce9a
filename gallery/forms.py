"""The gallery's forms: shapes and sentences. What is allowed is decided by the verbs."""

from __future__ import annotations

from django import forms

from accounts.forms import RefusableForm
from accounts.ratings import Rating
from gallery.appeals import WORDS_CHARS as APPEAL_CHARS
from gallery.models import Report
from gallery.moderation import WORDS_CHARS
from gallery.publishing import MOST_TAGS, TAG_CHARS, TITLE_CHARS
from gallery.verifying import ADDRESS_CHARS
from generation.imaging.untrusted import MAX_FILE_BYTES


class PublishForm(RefusableForm):
    title = forms.CharField(max_length=TITLE_CHARS, error_messages={"required": "Give the picture a title."})
    tags = forms.CharField(
        required=False,
        max_length=(MOST_TAGS + 2) * (TAG_CHARS + 2),
        help_text=f"Up to {MOST_TAGS} words that gather pictures, with commas between them.",
        widget=forms.TextInput(attrs={"placeholder": "still life, red, sticker", "autocapitalize": "none"}),
    )

    rating = forms.ChoiceField(
        choices=Rating.choices,
        required=False,
        help_text="Sensitive: nudity or violence in an artistic or mild way. Explicit: plainly sexual or violent. Both "
        "are blurred for who has not asked to see them.",
    )

    @property
    def tag_names(self) -> list[str]:
        return str(self.cleaned_data["tags"]).split(",")


class VerifyForm(RefusableForm):
    picture = forms.FileField(
        required=False,
        help_text=f"PNG, JPEG, WebP or SVG, at most {MAX_FILE_BYTES >> 20} MiB. Nothing of it is kept.",
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/svg+xml"}),
    )
    address = forms.CharField(
        label="Or its address on this site", required=False, max_length=ADDRESS_CHARS, strip=True,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "none", "placeholder": "/gallery/…"}),
    )  # fmt: skip


class ReportForm(RefusableForm):
    reason = forms.ChoiceField(
        label="What is wrong with it?",
        choices=Report.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the reasons."},
    )
    words = forms.CharField(
        label="In your words", required=False, max_length=WORDS_CHARS, widget=forms.Textarea(attrs={"rows": 3})
    )


class AppealForm(RefusableForm):
    words = forms.CharField(
        label="Why is it wrong?",
        max_length=APPEAL_CHARS,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Say why the decision is wrong."},
    )
