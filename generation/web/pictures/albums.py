"""One's own albums: the list of them, their names, what is in them. They are looked at in “My pictures”."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db.models import OuterRef
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import RefusableForm
from accounts.questions import Question, ask
from accounts.refusals import NotFound, Refusal, counted
from generation.jobs import albums as verbs
from generation.models import Album, GeneratedImage
from generation.storage.zips import zip_attachment
from generation.web.access import SignedInRequest, refusals_on, signed_in_only
from generation.web.pictures.images import IMAGES_A_PAGE
from generation.web.pictures.listing import back, say_refusal

DELETE_ALBUM = Question(
    "Delete this album?",
    "Its pictures stay among yours. Links that show it to others end at once.",
    label="Delete the album",
    stay="Keep the album",
)


class AlbumForm(RefusableForm):
    title = forms.CharField(max_length=verbs.MAX_TITLE_CHARS, widget=forms.TextInput(attrs={"autocomplete": "off"}))


def own_album(request: SignedInRequest, code: str) -> Album:
    try:
        return verbs.own_album(request.user, code)
    except NotFound as missing:
        raise Http404(missing.message) from missing


def address_of(album: Album) -> str:
    return f"{reverse('images')}?album={album.code}"


@signed_in_only
@require_http_methods(["GET", "POST"])
def albums(request: SignedInRequest) -> HttpResponse:
    """All albums, each with its newest picture; POST makes one."""
    form, status = AlbumForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return redirect(address_of(verbs.create_album(request.user, form.cleaned_data["title"])))
            except Refusal as refusal:
                status = form.refuse(refusal)
    newest = GeneratedImage.objects.kept().filter(album_entries__album=OuterRef("pk")).order_by("-pk")
    rows = Album.objects.of(request.user).annotate(cover=newest.values("code")[:1]).order_by("title")
    return render(request, "generation/albums.html", {"albums": list(rows), "form": form}, status=status)


@signed_in_only
@require_http_methods(["GET", "POST"])
def album(request: SignedInRequest, code: str) -> HttpResponse:
    """Another name for it."""
    row, status = own_album(request, code), 200
    form = AlbumForm(request.POST or None, initial={"title": row.title})
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                verbs.rename_album(row, form.cleaned_data["title"])
                return redirect(address_of(row))
            except Refusal as refusal:
                status = form.refuse(refusal)
    context = {"album": row, "form": form, "deletion": DELETE_ALBUM}
    return render(request, "generation/album.html", context, status=status)


@signed_in_only
@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, code: str) -> HttpResponse:
    """Asks first, for browsers that open no dialog."""
    row = own_album(request, code)
    if request.method == "GET":
        return ask(request, DELETE_ALBUM, row.title, address_of(row))
    row.delete()
    messages.success(request, f"“{row.title}” is deleted. Its pictures are still yours.")
    return redirect("albums")


@signed_in_only
@require_POST
def add(request: SignedInRequest) -> HttpResponse:
    """Put the picked pictures into the album of this `album` code, or into a new one called `title`."""
    codes = request.POST.getlist("picked")[:IMAGES_A_PAGE]
    try:
        if not codes:
            raise Refusal("nothing-picked", "Pick the pictures first.")
        if title := request.POST.get("title", "").strip():
            row = verbs.create_album(request.user, title)
        else:
            row = verbs.own_album(request.user, request.POST.get("album", ""))
        added = verbs.add_to_album(row, codes)
    except Refusal as refusal:
        return say_refusal(request, refusal)
    messages.success(request, f"{counted(added, 'picture')} put into “{row.title}”.")
    return back(request)


@signed_in_only
@require_POST
def take_out(request: SignedInRequest, code: str) -> HttpResponse:
    row = own_album(request, code)
    gone = verbs.take_out_of_album(row, request.POST.getlist("picked")[:IMAGES_A_PAGE])
    messages.success(request, f"{counted(gone, 'picture')} taken out of “{row.title}”.")
    return redirect(address_of(row))


@signed_in_only
@require_GET
@refusals_on("albums")
def download(request: SignedInRequest, code: str) -> HttpResponseBase:
    """The whole album as one zip."""
    rows = GeneratedImage.objects.of(request.user).kept().filter(album_entries__album=own_album(request, code))
    return zip_attachment(rows, f"tempera-album-{code}.zip")
