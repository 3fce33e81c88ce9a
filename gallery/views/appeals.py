"""The page on which somebody objects to a decision about them: signed in, or by the link of a mail."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from accounts.models import User
from gallery.appeals import Appealable, appeal_of, decision_against, send_appeal, thing_of
from gallery.forms import AppealForm
from gallery.models import Sanction
from gallery.sanctions import sanction_of
from gallery.views.access import person


@login_required
@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "POST"])
def appeal(request: HttpRequest, subject: str, code: str) -> HttpResponse:
    """About one's own picture, LoRA or sanction."""
    thing = thing_of(subject, code)
    owner = None if thing is None else thing.person_id if isinstance(thing, Sanction) else thing.author_id
    if thing is None or owner != person(request).pk:
        raise Http404("There is no such decision, or it is not about you.")
    return _page(request, person(request), thing)


@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "POST"])
def appeal_by_mail(request: HttpRequest, token: str) -> HttpResponse:
    """Who is banned cannot sign in: the token of the mail says who they are."""
    sanction = sanction_of(token)
    if sanction is None:
        raise Http404("There is no such decision, or this address is too old.")
    return _page(request, sanction.person, sanction)


def _page(request: HttpRequest, user: User, thing: Appealable) -> HttpResponse:
    made = appeal_of(thing)
    form = AppealForm(request.POST if request.method == "POST" else None)
    if form.carries_out(partial(send_appeal, user, thing)):
        messages.success(request, "Thank you. A moderator answers you by mail.")
        return redirect(request.path)
    reason = thing.reason if isinstance(thing, Sanction) else thing.told_reason
    context = {
        "form": form, "thing": thing, "made": made, "reason": reason, "is_open": decision_against(thing) is not None
    }  # fmt: skip
    return render(request, "gallery/appeal.html", context, status=form.status)
