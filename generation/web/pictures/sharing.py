"""Links to one's own pictures and albums: made for a while, listed, ended. What others see by them is in `shared`."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import RefusableForm
from accounts.questions import Question, ask
from accounts.refusals import Refusal
from generation.jobs.sharing import DAYS, end_link, share, token_of
from generation.models import Album, GeneratedImage, ShareLink
from generation.web.access import SignedInRequest, own_image, signed_in_only
from generation.web.paging import page_of
from generation.web.pictures.albums import address_of, own_album

LINKS_A_PAGE = 50
END_LINK = Question(
    "End this link?",
    "Whoever opens it from now on finds nothing. What they have saved they keep.",
    label="End the link",
    stay="Keep the link",
)


class ShareForm(RefusableForm):
    days = forms.TypedChoiceField(label="It holds for", choices=list(DAYS.items()), coerce=int, initial=7)
    with_recipe = forms.BooleanField(
        label="With the recipe",
        required=False,
        help_text="Prompt and settings are shown, and the files carry them. Off: the pictures alone.",
    )


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link with its whole address, which only its owner is shown."""

    row: ShareLink
    address: str


def line_of(request: SignedInRequest, link: ShareLink) -> LinkLine:
    return LinkLine(link, request.build_absolute_uri(reverse("shared", args=[token_of(link)])))


@signed_in_only
@require_http_methods(["GET", "POST"])
def share_image(request: SignedInRequest, code: str) -> HttpResponse:
    image = own_image(request, code)
    return page(request, image, image.alt, reverse("image", args=[code]))


@signed_in_only
@require_http_methods(["GET", "POST"])
def share_album(request: SignedInRequest, code: str) -> HttpResponse:
    album = own_album(request, code)
    return page(request, album, album.title, address_of(album))


def page(request: SignedInRequest, thing: GeneratedImage | Album, subject: str, back_url: str) -> HttpResponse:
    """The links that lead to it, and a form for another; POST makes it."""
    form, status = ShareForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                share(request.user, thing, form.cleaned_data["days"], form.cleaned_data["with_recipe"])
                return redirect(request.path)
            except Refusal as refusal:
                status = form.refuse(refusal)
    context = {
        "form": form,
        "lines": [line_of(request, link) for link in thing.share_links.live()[:LINKS_A_PAGE]],
        "is_album": isinstance(thing, Album),
        "subject": subject,
        "back_url": back_url,
        "question": END_LINK,
    }
    return render(request, "generation/share.html", context, status=status)


@signed_in_only
@require_GET
def links(request: SignedInRequest) -> HttpResponse:
    """All links that still hold."""
    rows = ShareLink.objects.of(request.user).live().select_related("image", "album")
    shown = page_of(rows, request, LINKS_A_PAGE)
    context = {"page": shown, "lines": [line_of(request, link) for link in shown.rows], "question": END_LINK}
    return render(request, "generation/links.html", context)


@signed_in_only
@require_http_methods(["GET", "POST"])
def end(request: SignedInRequest, code: str) -> HttpResponse:
    """Asks first, for browsers that open no dialog."""
    link = ShareLink.objects.of(request.user).filter(code=code).select_related("image", "album").first()
    if link is None:
        raise Http404("There is no such link, or it is not yours.")
    if request.method == "GET":
        subject = link.album.title if link.album else link.image.alt if link.image else ""
        return ask(request, END_LINK, subject, reverse("links"))
    end_link(request.user, code)
    messages.success(request, "The link has ended.")
    return redirect("links")
