"""The admin of people and credits: gifts and top-ups go through the ledger, which itself cannot be changed."""

from __future__ import annotations

import pytest
from django.forms import model_to_dict
from django.test import Client
from django.utils.html import escape

from accounts.models import CreditEntry, Plan, User
from generation.catalog.prices import price_list, total_price
from generation.recipes.picture import Recipe


@pytest.fixture
def operators(db: None, signed_in: object) -> Client:
    operator = User.objects.create_superuser("op", "op@example.org", "a long enough password")
    return signed_in(operator)  # type: ignore[operator, no-any-return]


def test_a_gift_is_an_entry(operators: Client, charlie: User) -> None:
    operators.post("/admin/accounts/user/", {"action": "give_credits", "_selected_action": [charlie.pk]})
    assert charlie.wallet.entries.get().note == "A gift from op"


def test_a_top_up_is_an_entry(operators: Client, alice: User) -> None:
    operators.post(f"/admin/accounts/wallet/{alice.wallet.pk}/change/", {"top_up": 25, "note": "prize"})
    alice.wallet.refresh_from_db()
    assert alice.wallet.balance == 1025


def test_a_top_up_tells_the_new_balance(operators: Client, alice: User) -> None:
    answer = operators.post(f"/admin/accounts/wallet/{alice.wallet.pk}/change/", {"top_up": 25}, follow=True)
    (message,) = answer.context["messages"]
    assert "alice: 1025" in str(message)


@pytest.mark.parametrize("field", ["top_up", "note"])
def test_the_fields_of_a_wallet_can_be_seen(operators: Client, alice: User, field: str) -> None:
    page = operators.get(f"/admin/accounts/wallet/{alice.wallet.pk}/change/")
    widget = page.context["adminform"].form.fields[field].widget
    assert "border" in widget.attrs.get("class", "").split()


def test_each_number_of_a_plan_has_its_sentence(operators: Client) -> None:
    page = operators.get(f"/admin/accounts/plan/{Plan.objects.get().pk}/change/").text
    for field in Plan._meta.fields:
        assert field.primary_key or (len(field.help_text) > 10 and escape(field.help_text) in page), field.name


def test_a_price_set_in_the_admin_is_what_a_picture_costs(operators: Client) -> None:
    recipe, plan = Recipe("a cat", width=512, height=512, steps=20), Plan.objects.get()
    assert total_price(plan, [recipe, recipe]) == 4
    address, fields = f"/admin/accounts/plan/{plan.pk}/change/", model_to_dict(plan)
    operators.post(address, {**fields, "steps_per_credit": "5", "training_discount": "1"})
    plan.refresh_from_db()
    assert total_price(plan, [recipe, recipe]) == 8
    assert price_list(plan).training_discount == 1
    refused = operators.post(address, {**fields, "steps_per_credit": "0"})
    assert refused.status_code == 200 and "steps_per_credit" in refused.context["adminform"].form.errors


@pytest.mark.parametrize("page", ["user", "plan", "wallet", "creditentry"])
def test_pages_open(operators: Client, alice: User, page: str) -> None:
    assert operators.get(f"/admin/accounts/{page}/").status_code == 200


def test_an_entry_cannot_be_changed(operators: Client, alice: User) -> None:
    entry = CreditEntry.objects.get()
    operators.post(f"/admin/accounts/creditentry/{entry.pk}/change/", {"amount": 1})
    assert operators.post(f"/admin/accounts/creditentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert CreditEntry.objects.get().amount == entry.amount


def test_alice_does_not_get_in(alices: Client) -> None:
    assert alices.get("/admin/accounts/user/").status_code in (302, 403)
