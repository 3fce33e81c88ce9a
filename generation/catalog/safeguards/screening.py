"""What the rules say of the texts of a submission: a refusal, or records of what moderators should know.

Called outside transactions: a record of what was refused must outlive the refusal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Refusal
from generation.models import PromptRule, RuleVersion, SafeguardRecord
from generation.prompting.phrases.rules import Breach, Effect, Rule, breaches, rule_of
from generation.recipes.picture import Recipe

logger = structlog.get_logger(__name__)

KEPT_RULES = 256
TEXT_CHARS = 2000
ONCE_IN = timedelta(minutes=10)
"""What the same person is refused for by the same words meanwhile is recorded once."""
FIELD_TITLES = {
    "prompt": "prompt",
    "negative_prompt": "negative prompt",
    "hires_prompt": "second pass's prompt",
    "hires_negative_prompt": "second pass's negative prompt",
    "sample_prompts": "sample prompt",
    "prior_prompt": "prior prompt",
    "trigger": "trigger",
    "caption": "caption",
    "words": "title, tags or prompt",
    "source": "recipe in the picture that it starts from",
}


@dataclass(frozen=True, slots=True)
class Screened:
    """Texts that are judged together: what is drawn, what is not, and which field of the submission it stands in."""

    prompt: str
    negative_prompt: str = ""
    field: str = "prompt"
    negative_field: str = "negative_prompt"

    def field_of(self, place: str) -> str:
        return self.field if place == "prompt" else self.negative_field

    def text_of(self, place: str) -> str:
        return self.prompt if place == "prompt" else self.negative_prompt


def current_rules() -> list[Rule]:
    """The rules that are on, as their versions have them. One query once they were read, since no version changes."""
    on = PromptRule.objects.filter(is_enabled=True, version__isnull=False)
    return [read_rule(*version) for version in on.values_list("version_id", "version__at")]


@lru_cache(maxsize=KEPT_RULES)
def read_rule(version: int, at: datetime) -> Rule:
    """By its time as well: the number of a version whose transaction was undone may be another's later."""
    row = RuleVersion.objects.get(pk=version, at=at)
    return rule_of(row.pk, row.rule, row.content)


def screen_recipes(user: User, recipes: Iterable[Recipe], brought: Iterable[str] = ()) -> None:
    """Raise Refusal where a rule blocks one of these recipes, as they will be drawn; record what others say of them.

    `brought` are the prompts within pictures that they start from.
    """
    texts = [text for recipe in recipes for text in texts_of(recipe)]
    screen(user, [*texts, *(Screened(text, field="source") for text in brought)])


def texts_of(recipe: Recipe) -> list[Screened]:
    """All texts that a recipe is drawn by: its prompt, a second one, those under which pictures are inverted, and
    those of its second pass."""
    texts = [Screened(text, recipe.negative_prompt) for text in (recipe.prompt, *recipe.further_prompts)]
    hires = recipe.hires
    if hires and (hires.prompt or hires.negative_prompt):
        texts.append(
            Screened(
                hires.prompt or recipe.prompt,
                hires.negative_prompt or recipe.negative_prompt,
                "hires_prompt" if hires.prompt else "prompt",
                "hires_negative_prompt" if hires.negative_prompt else "negative_prompt",
            )
        )
    return texts


def screen(user: User, texts: Iterable[Screened]) -> None:
    """Raise Refusal where a rule blocks one of the texts, and record each rule that holds. Siblings count once."""
    found: dict[tuple[str, str, tuple[str, ...]], tuple[Screened, Breach]] = {}
    rules = current_rules()
    for text in dict.fromkeys(texts):
        for breach in breaches_of(text, rules):
            found.setdefault((breach.rule.name, text.field_of(breach.place), breach.words), (text, breach))
    for text, breach in found.values():
        record(user, text, breach)
    for text, breach in found.values():
        if breach.rule.effect is Effect.BLOCK:
            field = text.field_of(breach.place)
            raise Refusal("prompt-rule", sentence_of(breach, field), field=field)


def breaches_of(text: Screened, rules: Sequence[Rule] | None = None) -> list[Breach]:
    """The rules that hold for one text, strongest effect first. Nothing is recorded."""
    places = {"prompt": text.prompt, "negative_prompt": text.negative_prompt}
    return breaches(current_rules() if rules is None else rules, places)


def sentence_of(breach: Breach, field: str) -> str:
    """What a person reads: what is not made, by which words of which field, by which rule."""
    words = " and ".join(f"“{word}”" for word in breach.words)
    told = f"The {FIELD_TITLES.get(field, field)} says {words} (rule “{breach.rule.title}”)."
    return f"{breach.rule.sentence} {told}".strip()


def record(user: User, text: Screened, breach: Breach) -> None:
    """Keep that a rule held. The same again within a while is not written twice."""
    row = {"user": user, "version_id": breach.rule.version, "effect": breach.rule.effect.value}
    words, field = list(breach.words), text.field_of(breach.place)
    lately = SafeguardRecord.objects.filter(**row, at__gt=timezone.now() - ONCE_IN)[:50]
    if any(each.words == words and each.field == field for each in lately):
        return
    SafeguardRecord.objects.create(**row, field=field, words=words, text=text.text_of(breach.place)[:TEXT_CHARS])
    logger.warning("prompt_rule", rule=breach.rule.name, effect=breach.rule.effect.value, user=user.code)
