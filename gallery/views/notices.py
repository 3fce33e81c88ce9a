"""Notices from anybody: which form, the form itself, and the page that says what moderators did in each month."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from accounts.refusals import Refusal
from gallery.models import Notice
from gallery.notice_forms import NoticeForm
from gallery.notices import HOURS_OF_INTIMATE, NoticeInput, send_notice

PATHS = {"intimate-picture": Notice.Kind.INTIMATE, "illegal-content": Notice.Kind.ILLEGAL}


@cache_control(private=True, no_store=True)
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    return render(request, "gallery/notices.html", {"hours": HOURS_OF_INTIMATE})


@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "POST"])
def notice(request: HttpRequest, kind: str) -> HttpResponse:
    """One notice. `?address=` fills in where it is; nobody has to be signed in."""
    if kind not in PATHS:
        raise Http404("There is no such form.")
    chosen, status = PATHS[kind], 200
    if request.method == "POST":
        form, status = NoticeForm(chosen, request.POST), 400
        if form.is_valid():
            try:
                made = send_notice(NoticeInput(kind=chosen, **form.cleaned_data))
            except Refusal as refusal:
                status = form.refuse(refusal)
            else:
                sentence = f"Your notice has the number {made.code}. A receipt goes to {made.email}."
                messages.success(request, sentence)
                return redirect("notices")
    else:
        form = NoticeForm(chosen, initial={"addresses": request.GET.get("address", "")[:500]})
    is_intimate = chosen == Notice.Kind.INTIMATE
    context = {"form": form, "is_intimate": is_intimate, "hours": HOURS_OF_INTIMATE}
    return render(request, "gallery/notice.html", context, status=status)
