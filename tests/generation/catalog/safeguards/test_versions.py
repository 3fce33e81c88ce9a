"""What runs is a version; each change is a new one, and what is shipped is copied once."""

from __future__ import annotations

import pytest

from accounts.models import User
from generation.catalog.safeguards.screening import Screened, breaches_of
from generation.catalog.safeguards.versions import install_shipped, publish
from generation.models import PhraseList, PromptRule, RuleVersion

pytestmark = pytest.mark.django_db


def test_a_new_site_has_the_shipped_rules_on() -> None:
    assert PromptRule.objects.filter(is_enabled=True, version__number=1).count() == PromptRule.objects.count() >= 10
    assert not PhraseList.objects.filter(source="").exists()


def test_what_an_operator_changed_is_not_overwritten() -> None:
    PhraseList.objects.filter(name="clothing").update(phrases="hat")
    PromptRule.objects.filter(name="minors-coded").update(is_enabled=False)
    PromptRule.objects.filter(name="undressing").delete()
    install_shipped()
    assert PhraseList.objects.get(name="clothing").phrases == "hat"
    assert not PromptRule.objects.get(name="minors-coded").is_enabled
    assert list(RuleVersion.objects.filter(rule="undressing").values_list("number", flat=True)) == [2, 1]


def test_a_change_runs_when_it_is_published_and_only_what_changed_gets_a_version(alice: User) -> None:
    before = RuleVersion.objects.count()
    PhraseList.objects.filter(name="undressing-tools").update(phrases="soft clay")
    assert not breaches_of(Screened("soft clay"))
    assert publish(alice) == 1
    assert [breach.rule.name for breach in breaches_of(Screened("soft clay"))] == ["undressing-tools"]
    last = RuleVersion.objects.first()
    assert last is not None and (last.rule, last.number, last.by) == ("undressing-tools", 2, alice)
    assert publish(alice) == 0
    assert RuleVersion.objects.count() == before + 1


def test_versions_are_written_once() -> None:
    version = RuleVersion.objects.first()
    assert version is not None
    for change in (
        version.save,
        version.delete,
        RuleVersion.objects.all().delete,
        lambda: RuleVersion.objects.update(number=9),
    ):
        with pytest.raises(TypeError):
            change()
