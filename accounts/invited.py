"""The page that an invitation's link leads to: it keeps the code for the sign-up, by whichever way that is."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import joining


@never_cache
@require_safe
def invite(request: HttpRequest, code: str) -> HttpResponse:
    """On to the sign-up, whose form holds the code; a code that is no good, or no use, is told."""
    if request.user.is_authenticated:
        messages.info(request, "You have an account already: an invitation is for somebody who has none.")
        return redirect("account")
    if joining.mode() == "closed":
        return render(request, "account/signup_closed.html", status=403)
    if joining.invitation_of(code) is None:
        return render(request, "account/signup_refused.html", {"sentence": joining.NO_GOOD}, status=404)
    request.session[joining.IN_SESSION] = joining.clean_code(code)
    return redirect("account_signup")
