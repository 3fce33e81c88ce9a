"""Groups of a single sign-on: they give a plan and the moderators' rights, and take away what they gave."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from accounts.group_grants import apply_groups, groups_told
from accounts.models import Plan, User
from config.settings.sign_in import group_rules
from tests.accounts.oidc_provider import come_from
from tests.accounts.test_sign_in_from_elsewhere import provider, server

__all__ = ["provider", "server"]
RULES = [("artists", "studio"), ("everybody", "basic"), ("mods", "moderators")]


@pytest.fixture
def plans(settings: Settings, db: None) -> dict[str, Plan]:
    settings.SSO_GROUPS = RULES
    return {name: Plan.objects.create(name=name) for name in ("Studio", "Basic", "Gift")}


def applied(user: User, *groups: str) -> User:
    apply_groups(user, set(groups))
    return User.objects.select_related("plan").get(pk=user.pk)


def test_it_works_at_each_sign_in(provider: Any, plans: dict[str, Plan]) -> None:
    provider.claims["groups"] = ["artists", "mods", "others"]
    come_from(Client())
    nora = User.objects.get()
    assert nora.plan == plans["Studio"] and nora.is_staff
    assert [group.name for group in nora.groups.all()] == ["moderator"]
    provider.claims["groups"] = []
    come_from(Client())
    nora = User.objects.get()
    assert nora.plan.is_default and not nora.is_staff and not nora.groups.exists() and nora.group_grants is None
    words = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert len(words) == 4 and "became Studio" in words[0] and "no moderator any more" in words[3]


def test_the_first_rule_that_holds_gives_the_plan(alice: User, plans: dict[str, Plan]) -> None:
    assert applied(alice, "everybody", "artists").plan == plans["Studio"]
    assert applied(alice, "everybody").plan == plans["Basic"]
    assert applied(alice).plan.is_default


def test_what_no_group_gave_stays(alice: User, bob: User, plans: dict[str, Plan]) -> None:
    User.objects.filter(pk=alice.pk).update(plan=plans["Gift"])
    assert applied(alice).plan == plans["Gift"]
    assert applied(alice, "artists").plan == plans["Studio"]
    assert applied(alice).plan == plans["Gift"]
    assert applied(bob, "mods").is_staff and applied(bob).is_staff and bob.groups.exists()


def test_a_plan_given_meanwhile_stays(alice: User, plans: dict[str, Plan]) -> None:
    applied(alice, "artists")
    User.objects.filter(pk=alice.pk).update(plan=plans["Gift"])
    assert applied(alice).plan == plans["Gift"]


def test_a_rule_that_is_gone_gives_nothing_any_more(alice: User, plans: dict[str, Plan], settings: Settings) -> None:
    alice = applied(alice, "mods")
    assert alice.is_staff
    settings.SSO_GROUPS = []
    assert not applied(alice, "mods").is_staff


def test_a_plan_that_is_not_there_changes_nothing(alice: User, plans: dict[str, Plan]) -> None:
    plans["Studio"].delete()
    assert applied(alice, "artists").plan.is_default


@pytest.mark.parametrize(
    ("data", "groups"),
    [
        ({"userinfo": {"groups": ["a", 1]}, "id_token": {"groups": "b"}}, {"a", "b"}),
        ({"groups": ["/c"]}, {"c"}),
        ({"userinfo": {"groups": None}}, set()),
        ([], set()),
        ({}, set()),
    ],
)
def test_what_a_provider_tells(data: Any, groups: set[str]) -> None:
    assert groups_told(data) == groups


def test_rules_are_read_and_bad_ones_refused() -> None:
    assert group_rules(" artists = studio; ou=a=mods ;") == [("artists", "studio"), ("ou=a", "mods")]
    for text in ("artists", "=studio", "artists="):
        with pytest.raises(ImproperlyConfigured, match="SSO_GROUPS"):
            group_rules(text)
