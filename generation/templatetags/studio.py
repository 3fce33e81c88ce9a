"""What templates need beyond Django's own: technical terms explained, and a few readings of a form."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from django import template
from django.forms import BoundField
from django.template import Context
from django.urls import reverse

from accounts.ratings import Rating, is_above
from generation.recipes.fields import COUNT, FIELDS, RecipeField
from generation.recipes.picture import Recipe

register = template.Library()

WORDS = {row.name: row.explanation for row in (*FIELDS.values(), COUNT)} | {
    "second_pass": "The picture was drawn again, larger: how much larger, by what, and how much of it was drawn anew.",
    "variation": "How far the seed's noise was turned towards that of another seed.",
    "palette": "Colours that the picture was drawn towards, and how strongly.",
    "control_picture": "A ControlNet kept the shape of another picture: which one, and how strongly.",
    "size": "Width and height in pixels. Checkpoints draw best near the size they were taught with.",
    "lora": "A small file that teaches the checkpoint a style or a subject. The slider says how strongly.",
    "tokens": "Tokens are the pieces of words that a checkpoint reads, one full chunk at a time. Any number will do.",
    "strip": "This prompt changes while the picture is drawn. Early steps decide the shapes, late ones the details.",
    "held_out": "Pictures that the training never learns from. How well it does on them is what counts.",
    "folds": "Each picture is left out of one training that only measures; what is kept learns from all of them.",
    "split_seed": "The number that decides which pictures are held out. Same number, same pictures.",
    "caption": "What a picture shows, in words. What captions name stays free; what they leave out becomes the style.",
    "training_loss": "How far off it is on the pictures it learns from. It falls even when nothing useful is learned.",
    "validation_loss": "How far off it is on held-out pictures, always with the same noise. Lowest is best.",
    "gap": "Validation loss minus training loss. A growing gap means that pictures are learned by heart.",
    "similarity": "How alike samples and pictures are, from -1 to 1, by the latents of the checkpoint's own VAE.",
    "closest": "PDQ bits, of 256, in which the nearest sample and trained picture differ. Up to 31: the same picture.",
    "snapshot": "The LoRA as it was at one step, with pictures drawn from the same prompts and seeds every time.",
    "budget": "The search is refused when it might cost more than this. What it does not use comes back.",
    "halving": "All candidates train a little; the worse half stops, the rest goes on twice as far, and so on.",
}


@register.inclusion_tag("generation/explain.html")
def explain(word: str, label: str) -> dict[str, str]:
    """A word of the trade with its explanation a tap away."""
    return {"label": label, "sentence": WORDS[word]}


@register.filter
def address(code: str, name: str) -> str:
    """As `{% url name code %}`, but reversed once for all codes: a page may show hundreds."""
    return _address_of_any(name).replace("CODE", code)


@cache
def _address_of_any(name: str) -> str:
    return reverse(name, args=["CODE"])


@register.simple_tag(takes_context=True)
def veil(context: Context, rating: str) -> str:
    """Under which word the visitor sees a picture of this rating blurred; empty where they see it as it is."""
    limit = getattr(context.get("user"), "shown_rating", Rating.GENERAL)
    return Rating(rating).label if is_above(rating, limit) else ""


@register.filter
def says(field: BoundField, value: object) -> bool:
    """Whether the field's value, typed or initial, is this one: `{% if form.count|says:4 %}`."""
    return str(field.value() or "") == str(value)


@register.filter
def facts(recipe: Recipe) -> Iterator[tuple[RecipeField, str]]:
    """The fields that a picture's page lists, with their values: all that have a control and are worth telling."""
    for name, row in FIELDS.items():
        value = getattr(recipe, name)
        if row.control and name != "checkpoint" and value != "" and (row.written or value != row.default):
            yield row, row.title_of(value)
