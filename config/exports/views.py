"""The page where a person has a copy of their data made, and the download, which asks once more who they are."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.refusals import Refusal
from accounts.views import private
from config.exports.contents import DOCUMENTS, FOLDERS
from config.exports.disk import answer
from config.exports.queue import ask_for_export, latest
from generation.models import AccountExport
from generation.web.access import SignedInRequest, signed_in_only


@private
@signed_in_only
@require_http_methods(["GET", "POST"])
def export(request: SignedInRequest) -> HttpResponse:
    """How the last copy stands; POST asks for one."""
    status = 200
    if request.method == "POST":
        try:
            ask_for_export(request.user)
            return redirect("account-export")
        except Refusal as refusal:
            messages.error(request, refusal.message)
            status = refusal.status
    last = latest(request.user)
    context = {
        "export": last,
        "going": last is not None and last.state in AccountExport.UNFINISHED,
        "ready": last is not None and last.state == AccountExport.State.DONE,
        "documents": DOCUMENTS,
        "folders": FOLDERS,
    }
    return render(request, "accounts/export.html", context, status=status)


@private
@reauthentication_required
@require_GET
def download(request: HttpRequest) -> HttpResponseBase:
    """The last copy. Everything that somebody keeps is in it, so that a session left open is not enough."""
    last = AccountExport.objects.of(request.user).filter(state=AccountExport.State.DONE).order_by("-pk").first()
    if last is None:
        raise Http404("There is no copy of your data, or its days are over. Ask for one first.")
    return answer(last.file, f"tempera-{last.created_at:%Y-%m-%d}.zip")
