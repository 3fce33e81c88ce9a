"""The gallery's forms: shapes and sentences. What is allowed is decided by the verbs."""

from __future__ import annotations

from django import forms

from accounts.forms import RefusableForm
from accounts.ratings import Rating
from gallery.appeals import WORDS_CHARS as APPEAL_CHARS
from gallery.models import Collection, Post, Report
from gallery.models.comments import COMMENT_CHARS
from gallery.moderation import WORDS_CHARS
from gallery.publishing import MOST_TAGS, TAG_CHARS, TITLE_CHARS
from gallery.transitions import REASON_CHARS
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

    shares = forms.ChoiceField(
        label="What others see of it",
        choices=Post.Shares.choices,
        required=False,
        help_text="The recipe lets people remix your picture. What you do not share is taken out of its file, too.",
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
        error_messages={"required": "Choose one of the reasons."},
    )
    words = forms.CharField(
        label="In your words", required=False, max_length=WORDS_CHARS, widget=forms.Textarea(attrs={"rows": 3})
    )


class CommentForm(RefusableForm):
    words = forms.CharField(
        label="Your comment", max_length=COMMENT_CHARS, error_messages={"required": "Write something first."},
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )  # fmt: skip


class RemovalForm(RefusableForm):
    reason = forms.CharField(
        label="Why", max_length=REASON_CHARS, error_messages={"required": "Say why: the author reads it."}
    )


class CollectionForm(RefusableForm):
    title = forms.CharField(max_length=TITLE_CHARS, error_messages={"required": "Give it a title."})
    visibility = forms.ChoiceField(
        label="Who sees it", choices=Collection.Visibility.choices, initial=Collection.Visibility.PRIVATE
    )


class ContributorForm(RefusableForm):
    username = forms.CharField(
        label="Name", max_length=150, error_messages={"required": "Whom?"},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )  # fmt: skip


class AppealForm(RefusableForm):
    words = forms.CharField(
        label="Why is it wrong?",
        max_length=APPEAL_CHARS,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Say why the decision is wrong."},
    )
