"""The rules about prompts where a picture is published, and in the admin: edited, tried, told."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import Refusal
from gallery.models import Post
from gallery.publishing import publish_image
from generation.catalog.safeguards.versions import publish
from generation.models import PhraseList, PromptRule, RulePart, RuleVersion, SafeguardRecord
from tests.gallery.conftest import Finish

LISTS, RULES = "/admin/generation/phraselist/", "/admin/generation/promptrule/"


@pytest.fixture
def clay(db: None) -> PromptRule:
    phrases = PhraseList.objects.create(name="clay", title="Clay", phrases="clay")
    rule = PromptRule.objects.create(name="clay", title="No clay", effect="block", sentence="No clay here.")
    RulePart.objects.create(rule=rule, phrases=phrases)
    publish()
    return rule


def test_a_rule_made_since_blocks_the_post_of_an_older_picture(alice: User, finish: Finish, clay: PromptRule) -> None:
    for prompt, title, tags in (("clay", "Pot", []), ("pot", "Clay", []), ("pot", "Pot", ["clay"])):
        with pytest.raises(Refusal) as caught:
            publish_image(alice, finish(alice, prompt), title, tags)
        assert caught.value.code == "prompt-rule"
    assert not Post.objects.exists()


def test_a_rule_that_asks_for_review_flags_the_post(alice: User, finish: Finish, clay: PromptRule) -> None:
    PromptRule.objects.filter(pk=clay.pk).update(effect="review")
    publish()
    assert publish_image(alice, finish(alice, "clay"), "Pot").flags == ["No clay: “clay”"]


def test_editing_a_list_makes_a_version_that_runs(admin_client: Client, admin_user: User, clay: PromptRule) -> None:
    row = PhraseList.objects.get(name="clay")
    form = {"title": "Clay", "name": "clay", "phrases": "clay\n  soft   mud \n", "exceptions": "", "source": "x"}
    assert admin_client.post(f"{LISTS}{row.pk}/change/", form).status_code == 302
    row.refresh_from_db()
    assert row.phrases == "clay\nsoft mud"
    last = RuleVersion.objects.first()
    assert last is not None and (last.rule, last.number, last.by) == ("clay", 2, admin_user)


def test_a_line_that_is_no_phrase_is_refused_with_a_sentence(admin_client: Client, clay: PromptRule) -> None:
    row = PhraseList.objects.get(name="clay")
    form = {"title": "Clay", "name": "clay", "phrases": "cla*", "exceptions": "", "source": ""}
    answer = admin_client.post(f"{LISTS}{row.pk}/change/", form)
    assert answer.status_code == 200
    assert "needs 4 letters before its asterisk" in answer.text


def test_switching_a_rule_off_is_a_version_too(admin_client: Client, clay: PromptRule) -> None:
    form = {
        "title": "No clay", "name": "clay", "effect": "block", "sentence": "", "parts-TOTAL_FORMS": 1,
        "parts-INITIAL_FORMS": 1, "parts-0-id": clay.parts.get().pk, "parts-0-rule": clay.pk,
        "parts-0-phrases": clay.parts.get().phrases_id, "parts-0-place": "prompt",
    }  # fmt: skip
    assert admin_client.post(f"{RULES}{clay.pk}/change/", form).status_code == 302
    clay.refresh_from_db()
    assert not clay.is_enabled and clay.version is not None and clay.version.content["is_enabled"] is False


def test_the_box_tries_a_prompt_and_records_nothing(admin_client: Client, clay: PromptRule) -> None:
    assert "Try a prompt" in admin_client.get(RULES).text
    address = f"{RULES}try/"
    assert admin_client.get(address).status_code == 200
    page = admin_client.post(address, {"prompt": "<b>cl\u200bay", "negative_prompt": ""}).text
    assert "No clay" in page and "“clay”" in page and "<b>cl" not in page
    assert "it would be made" in admin_client.post(address, {"prompt": "wood"}).text
    assert not SafeguardRecord.objects.exists()


def test_moderators_read_records_and_change_no_rule(
    bobs: Client, alice: User, finish: Finish, clay: PromptRule
) -> None:
    with pytest.raises(Refusal):
        publish_image(alice, finish(alice, "clay"), "Pot")
    page = bobs.get("/admin/generation/safeguardrecord/").text
    assert "clay, version 1" in page and "alice" in page
    row = SafeguardRecord.objects.get()
    assert "clay" in bobs.get(f"/admin/generation/safeguardrecord/{row.pk}/change/").text
    assert bobs.get(f"{RULES}").status_code == 403
    assert bobs.get(f"{RULES}try/").status_code == 403


def test_records_are_written_once(alice: User) -> None:
    row = SafeguardRecord.objects.create(user=alice, effect="note")
    rows = SafeguardRecord.objects.all()
    for change in (row.save, row.delete, rows.delete, lambda: rows.update(text=""), lambda: rows.update(words=[])):
        with pytest.raises(TypeError):
            change()
