"""The account pages: overview, the ledger, API tokens. Sign-in and security pages are allauth's."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods

from accounts.credits import balance_of, next_refill
from accounts.grants import programs_of, shut_program_out
from accounts.models import ApiToken, User
from accounts.questions import Question, ask
from accounts.quotas import measures
from accounts.statement import beginnings, lines_of
from accounts.token_forms import TokenForm
from accounts.tokens import make_token, standing_tokens
from accounts.tokens import remove_token as end_token

LINES_A_PAGE = 50
REMOVE_TOKEN = Question(
    "Remove this token?",
    "Programs that use it are refused from then on. A removed token does not come back.",
    label="Remove the token",
    stay="Keep the token",
)
SHUT_OUT = Question(
    "Shut this program out?",
    "It can no longer see or do anything in your name. You can let it in again where it asks you to sign in.",
    label="Shut it out",
    stay="Let it stay",
)
private = cache_control(private=True, no_store=True)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


@login_required
@private
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    context = {**possessions(user), "export_state": measures.export_state(user)}
    return render(request, "accounts/account.html", context)


def possessions(user: User) -> dict[str, Any]:
    """What the account pages tell of credits and room."""
    return {
        "plan": user.plan,
        "balance": balance_of(user),
        "refill_at": next_refill(),
        "stored_bytes": measures.stored_bytes(user),
    }


@login_required
@private
@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    context = possessions(user)  # first, since it may add the day's entry
    page = Paginator(beginnings(user), LINES_A_PAGE).get_page(request.GET.get("page"))
    context["lines"] = lines_of(list(page.object_list))
    return render(request, "accounts/credits.html", {**context, "page": page})


@login_required
@private
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens; POST makes one, and this answer is the only page that ever shows it."""
    user = _user(request)
    form = TokenForm(request.POST or None, user=user)
    made, secret = "", ""
    if request.method == "POST" and form.is_valid():
        made, secret = make_token(user, form.bounds())
        form = TokenForm(user=user)
    tokens = [*standing_tokens().filter(user=user)]
    context = {
        "form": form, "tokens": tokens, "made": made, "secret": secret, "remove": REMOVE_TOKEN,
        "programs": programs_of(user), "shut_out": SHUT_OUT,
    }  # fmt: skip
    return render(request, "accounts/tokens.html", context)


@login_required
@private
@require_http_methods(["GET", "POST"])
def remove_token(request: HttpRequest, key: str) -> HttpResponse:
    """Asks first, for browsers that open no dialog."""
    token = ApiToken.objects.filter(user=_user(request), token_key=key).first()
    if token is None:
        raise Http404("There is no such token, or it is not yours.")
    if request.method == "GET":
        return ask(request, REMOVE_TOKEN, token.name, reverse("account-tokens"))
    end_token(token)
    messages.success(request, "The token is removed; programs that use it are refused from now on.")
    return redirect("account-tokens")


@login_required
@private
@require_http_methods(["GET", "POST"])
def shut_out(request: HttpRequest, client: str) -> HttpResponse:
    """End what a third-party program holds; asks first, for browsers that open no dialog."""
    user = _user(request)
    program = next((each for each in programs_of(user) if each.client_id == client), None)
    if program is None:
        raise Http404("There is no such program, or you have not let it in.")
    if request.method == "GET":
        return ask(request, SHUT_OUT, program.name, reverse("account-tokens"))
    shut_program_out(user, client)
    messages.success(request, "The program is shut out.")
    return redirect("account-tokens")
