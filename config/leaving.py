"""The pages on which people close their account and take it back. What then happens is `deletion`'s."""

from __future__ import annotations

import time
from typing import cast

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.adapters import CLOSED_ACCOUNT
from accounts.closing import take_back
from accounts.models import User
from accounts.questions import Question, ask
from accounts.refusals import Refusal, counted
from accounts.views import private
from config.deletion import leave

AT_ONCE = (
    "You are signed out everywhere, and your API tokens end",
    "What you made public is withdrawn: pictures, LoRAs, and what you shared with others",
    "What waits, is drawn or is trained is cancelled; credits held for it return",
)
LATER = (
    "Your name, address, password, passkeys and settings",
    "Your pictures with their files, prompts and recipes",
    "Your data sets, trainings, LoRAs, styles and wildcard lists",
    "Titles, tags and words of what you sent in, reported or appealed against",
    "The texts that a rule of the site refused or noted",
)
STAYS = (
    "The ledger of your credits, under the name “deleted-…”: the sums of the site are true only as a whole",
    "What was decided about your pictures, and what you decided as a moderator, under that name",
    "Which rule of the site held when, and by which words of a prompt, under that name",
    "Pictures of other people that were made with a LoRA of yours",
)
CLOSE = Question(
    "Delete this account?",
    "Nobody sees anything of yours from now on. You may take the account back for {days} by signing in; after that all "
    "of it is gone.",
    label="Delete my account",
    stay="Keep it",
)
TAKE_BACK = Question(
    "Take your account back?",
    "It is to be deleted on {day}. Taken back, it is as it was: pictures, LoRAs and data sets are all there. What was "
    "public stays withdrawn until you send it in again, and API tokens are made anew.",
    label="Take it back",
    stay="Leave it closed",
    danger=False,
)


@private
@reauthentication_required
@require_http_methods(["GET", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    """What goes and what stays; POST closes the account. Asked of who has just shown that it is theirs."""
    user, days = cast(User, request.user), counted(settings.DELETION_DAYS, "day")
    status = 200
    if request.method == "POST":
        try:
            leave(user)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            status = refusal.status
        else:
            logout(request)
            sentence = f"Your account is closed and will be deleted in {days}. Until then, sign in to take it back."
            messages.success(request, sentence)
            return redirect("home")
    lists = (("At once", AT_ONCE), (f"After {days}", LATER), ("What stays", STAYS))
    question = Question(CLOSE.title, CLOSE.text.format(days=days), CLOSE.label, CLOSE.stay)
    return render(request, "accounts/delete.html", {"lists": lists, "days": days, "question": question}, status=status)


@private
@require_http_methods(["GET", "POST"])
def take_account_back(request: HttpRequest) -> HttpResponse:
    """For whoever has just signed in to an account that they had closed; see `accounts.adapters`."""
    proof = request.session.get(CLOSED_ACCOUNT)
    if not proof or proof["until"] < time.time():
        raise Http404("Sign in first: then you are asked whether you take your account back.")
    user = User.objects.filter(code=proof["code"], is_active=False, deletion_due_at__isnull=False).first()
    if user is None or user.deletion_due_at is None:
        raise Http404("This account is not closed, or it is gone.")
    if request.method == "GET":
        day = f"{user.deletion_due_at:%-d %B %Y}"
        question = Question(
            TAKE_BACK.title, TAKE_BACK.text.format(day=day), TAKE_BACK.label, TAKE_BACK.stay, danger=False
        )
        return ask(request, question, user.get_username(), reverse("home"))
    try:
        take_back(user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("home")
    del request.session[CLOSED_ACCOUNT]
    messages.success(request, "Your account is yours again. Sign in to go on.")
    return redirect("account_login")
