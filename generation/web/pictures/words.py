"""Edit by words: one's own picture, drawn again from the noise behind it with another prompt."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.credits import balance_of
from accounts.forms import RefusableForm
from accounts.refusals import Refusal
from generation.catalog.prices import total_price
from generation.jobs.editing import CFG_SCALE, STEPS, edit_by_words, edited_by_words
from generation.models import GeneratedImage
from generation.recipes.fields import MAX_PROMPT_CHARS, STEPS_RANGE
from generation.web.access import SignedInRequest, own_image, signed_in_only

TEXT = forms.Textarea(attrs={"rows": 3})


class WordsForm(RefusableForm):
    shows = forms.CharField(
        label="What the picture shows",
        required=False,
        strip=False,
        max_length=MAX_PROMPT_CHARS,
        widget=TEXT,
        help_text="Its own prompt is best: by these words the way back is found.",
    )
    prompt = forms.CharField(
        label="What it is to show",
        max_length=MAX_PROMPT_CHARS,
        strip=False,
        widget=TEXT,
        help_text="The same words with a few changed: the rest of the picture stays.",
    )
    cfg_scale = forms.FloatField(
        label="CFG scale",
        initial=CFG_SCALE,
        help_text="How strictly the words are followed: 1 keeps the most of the picture, more changes more.",
    )
    steps = forms.IntegerField(
        label="Steps",
        initial=STEPS,
        widget=forms.NumberInput(attrs={"min": STEPS_RANGE[0], "max": STEPS_RANGE[1]}),
        help_text="Of the way back and forth. With fewer than 30 the picture comes back less exactly.",
    )


@signed_in_only
@require_http_methods(["GET", "POST"])
def words(request: SignedInRequest, code: str) -> HttpResponse:
    """The form; POST queues the edited picture and shows it on the Create page."""
    image = own_image(request, code)
    initial = {"shows": image.recipe.prompt, "prompt": image.recipe.prompt}
    form = WordsForm(request.POST or None, initial=initial)
    if form.carries_out(lambda **fields: edit_by_words(request.user, image, **fields)):
        return redirect("create")
    context = {"image": image, "form": form, "price": price_of(request, image), "left": balance_of(request.user)}
    return render(request, "generation/words.html", context, status=form.status)


def price_of(request: SignedInRequest, image: GeneratedImage) -> int | None:
    """Credits with the usual number of steps; None where the picture cannot be drawn from."""
    try:
        return total_price(request.user.plan, [edited_by_words(request.user, image, image.prompt, "")])
    except Refusal:
        return None
