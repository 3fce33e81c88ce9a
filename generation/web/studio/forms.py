"""Forms of the studio's data sets. Limits are the verbs'; a form gives shape and words."""

from __future__ import annotations

from django import forms

from accounts.forms import RefusableForm
from generation.recipes.checks import MAX_SEED
from generation.recipes.training import MAX_TRIGGER_CHARS
from generation.training.datasets.lifecycle import MAX_TITLE_CHARS
from generation.training.datasets.preparing import MAX_CAPTION_CHARS
from generation.training.datasets.uploads import MAX_PICTURES


class DataSetForm(RefusableForm):
    """What a data set is called, and the words that will call what is learned."""

    title = forms.CharField(
        max_length=MAX_TITLE_CHARS, widget=forms.TextInput(attrs={"placeholder": "Noto emoji", "autocomplete": "off"})
    )
    trigger = forms.CharField(
        max_length=MAX_TRIGGER_CHARS,
        required=False,
        label="Trigger phrase",
        help_text="The words that will call what is learned, in prompts. It is the caption of pictures without one. "
        "A rare word keeps it apart from what the checkpoint knows already.",
        widget=forms.TextInput(attrs={"placeholder": "noto style", "autocomplete": "off"}),
    )


class NewDataSetForm(DataSetForm):
    consent = forms.BooleanField(
        label="I may use these pictures",
        help_text="They are mine, or their makers and the people in them agree. They stay private to me.",
        error_messages={"required": "Without your word that you may use them, pictures are not taken."},
    )


class SplitForm(forms.Form):
    """How many pictures are held out, and by which seed. Empty: a quarter, and the seed as it is."""

    held_out = forms.IntegerField(label="Held out", required=False, min_value=0, max_value=MAX_PICTURES)
    seed = forms.IntegerField(label="Seed", required=False, min_value=0, max_value=MAX_SEED)


class CaptionsForm(forms.Form):
    """One change to all captions: `find` and `put`, or words `before` and `after`."""

    find = forms.CharField(required=False, strip=False, max_length=MAX_CAPTION_CHARS)
    put = forms.CharField(required=False, strip=False, max_length=MAX_CAPTION_CHARS)
    before = forms.CharField(required=False, max_length=MAX_CAPTION_CHARS)
    after = forms.CharField(required=False, max_length=MAX_CAPTION_CHARS)
