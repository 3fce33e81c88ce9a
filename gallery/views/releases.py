"""The owner's way to everybody with a LoRA: choosing samples, sending it in, taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from accounts.questions import ask
from accounts.refusals import Refusal
from gallery.cards import WITHDRAW_RELEASE
from gallery.models import Release
from gallery.releasing import MOST_SAMPLES, release_lora, withdraw_release
from gallery.views.access import person
from generation.catalog.loras.licences import may_share
from generation.catalog.loras.sharing import pictures_with
from generation.models import Lora

private = cache_control(private=True, no_store=True)


def own_lora(request: HttpRequest, name: str) -> Lora:
    lora: Lora | None = Lora.objects.filter(owner=person(request), name=name).first()
    if lora is None:
        raise Http404("There is no such LoRA, or it is not yours.")
    return lora


@login_required
@private
@require_http_methods(["GET", "POST"])
def publish_lora(request: HttpRequest, name: str) -> HttpResponse:
    """What will be public, the pictures to choose from, and what became of it where it was sent in."""
    lora, status = own_lora(request, name), 200
    if request.method == "POST":
        try:
            release_lora(person(request), lora, request.POST.getlist("samples"))
            messages.success(request, "Sent in. A moderator looks at every LoRA before everybody may use it.")
            return redirect("lora", lora.name)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            status = refusal.status
    context = {
        "lora": lora,
        "pictures": pictures_with(person(request), lora)[:48],
        "picked": request.POST.getlist("samples"),
        "most": MOST_SAMPLES,
        "licensed": may_share(lora.licence),
    }
    return render(request, "gallery/publish_lora.html", context, status=status)


@login_required
@private
@require_http_methods(["GET", "POST"])
def withdraw_lora(request: HttpRequest, name: str) -> HttpResponse:
    """Asks first, for browsers that open no dialog."""
    lora = own_lora(request, name)
    release = Release.objects.filter(lora=lora).first()
    if release is None:
        raise Http404("This LoRA was never sent in.")
    if request.method == "GET":
        return ask(request, WITHDRAW_RELEASE, lora.title, reverse("lora", args=[lora.name]))
    try:
        withdraw_release(person(request), release)
        messages.success(request, "Withdrawn. Only you and the people you named may use it now.")
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect("lora", lora.name)
