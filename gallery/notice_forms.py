"""The form of a notice: shapes and sentences. What has to be in it is decided by the verb."""

from __future__ import annotations

from django import forms

from accounts.forms import RefusableForm
from gallery.models import Notice
from gallery.notices import ADDRESS_CHARS, MOST_ADDRESSES, NAME_CHARS, STATEMENT_CHARS

GOOD_FAITH = {
    Notice.Kind.INTIMATE: "It shows me, or somebody for whom I may act, it was made or shown without consent, and all "
    "that I say here is true to my best knowledge",
    Notice.Kind.ILLEGAL: "All that I say here is true and complete to my best knowledge",
}


class NoticeForm(RefusableForm):
    addresses = forms.CharField(
        label="Where is it?",
        max_length=MOST_ADDRESSES * (ADDRESS_CHARS + 2),
        help_text=f"The addresses on this site, one a line, at most {MOST_ADDRESSES}. A comment's is behind its time.",
        widget=forms.Textarea(attrs={"rows": 3, "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Give the address of what should be removed."},
    )
    statement = forms.CharField(
        label="What is wrong with it?",
        max_length=STATEMENT_CHARS,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Say what is wrong with it."},
    )
    name = forms.CharField(
        label="Your name", max_length=NAME_CHARS, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label="Your e-mail address",
        help_text="The receipt and the answer go there. Only moderators see it.",
        error_messages={"required": "Write an e-mail address at which you can be reached."},
    )
    signature = forms.CharField(label="Signature", max_length=NAME_CHARS, help_text="Type your full name.")
    is_in_good_faith = forms.BooleanField(error_messages={"required": "Confirm this, or it cannot be taken."})

    def __init__(self, kind: str, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["is_in_good_faith"].label = GOOD_FAITH[Notice.Kind(kind)]
        if kind == Notice.Kind.INTIMATE:
            self.fields["statement"].label = "Whom does it show, and how do you know that there was no consent?"
            self.fields["name"].required = True
        else:
            self.fields["statement"].label = "Why is it illegal? Name the law if you can."
            self.fields["name"].help_text = "Not needed where it shows the abuse of a child."
            del self.fields["signature"]
