"""Versions of the rules: what runs, and what ran. The shipped set is copied in once; then it is the operator's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import User
from generation.models import PhraseList, PromptRule, RulePart, RuleVersion

SHIPPED = Path(__file__).with_name("shipped.toml")


def lines_of(text: str) -> list[str]:
    """The phrases of a text field, folded to one space between words, each once."""
    return list(dict.fromkeys(filter(None, (" ".join(line.split()) for line in text.splitlines()))))


def content_of(rule: Any) -> dict[str, Any]:
    """All that decides what a rule does, as its version keeps it. Two queries."""
    parts = [
        {
            "list": part.phrases.name,
            "place": part.place,
            "phrases": lines_of(part.phrases.phrases),
            "exceptions": lines_of(part.phrases.exceptions),
        }
        for part in rule.parts.select_related("phrases").order_by("pk")
    ]
    fields = ("title", "effect", "sentence", "is_enabled")
    return {**{name: getattr(rule, name) for name in fields}, "parts": parts}


@transaction.atomic
def publish(by: User | None = None) -> int:
    """Write a version of each rule that is another one now, which runs from this moment. The number written.

    Call it after every change of rules and lists: until then the former version runs.
    """
    rules = PromptRule.objects.select_for_update(of=("self",)).select_related("version").order_by("pk")
    return sum(publish_rule(rule, RuleVersion, by) for rule in rules)


def publish_rule(rule: Any, versions: Any, by: User | None = None) -> bool:
    """Write the rule's next version unless it is as the last one says. The models may be those of a migration."""
    content = content_of(rule)
    if rule.version is not None and rule.version.content == content:
        return False
    last = versions.objects.filter(rule=rule.name).order_by("-number").values_list("number", flat=True).first()
    rule.version = versions.objects.create(rule=rule.name, number=(last or 0) + 1, content=content, by=by)
    rule.save(update_fields=["version"])
    return True


def install_shipped(
    lists: Any = PhraseList, rules: Any = PromptRule, parts: Any = RulePart, versions: Any = RuleVersion
) -> None:
    """Copy what is shipped and not there yet. What is there by the same name stays as its operator has it."""
    shipped = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    for row in shipped["lists"]:
        _install_list(lists, row)
    for row in shipped["rules"]:
        fields = {name: row[name] for name in ("title", "effect", "sentence")}
        rule, is_new = rules.objects.get_or_create(name=row["name"], defaults=fields)
        if is_new:
            for part in row["parts"]:
                phrases = lists.objects.get(name=part["list"])
                parts.objects.create(rule=rule, phrases=phrases, place=part["place"])
            publish_rule(rule, versions)


def _install_list(lists: Any, row: Mapping[str, str]) -> None:
    fields = {name: row[name].strip() for name in ("title", "source", "phrases", "exceptions")}
    lists.objects.get_or_create(name=row["name"], defaults=fields)
