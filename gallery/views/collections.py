"""Collections: one's own, one's page, and putting a picture in or taking it out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.questions import Question, ask
from accounts.refusals import Refusal
from gallery import collecting
from gallery.cards import cards_of
from gallery.forms import CollectionForm, ContributorForm
from gallery.models import CollectedPost, Collection, Post
from gallery.views.access import person, public_post
from gallery.views.index import POSTS_A_PAGE, is_part
from generation.storage.downloads import FOR_NOBODY
from generation.web.paging import page_of

LISTED = 200
DELETE = Question(
    "Delete this collection?",
    "The pictures stay in the gallery; only the collection is gone, and its link leads nowhere.",
    label="Delete the collection",
    stay="Keep it",
)
NONE = "There is no such collection, or you may not see it."
private = cache_control(private=True, no_store=True)


@login_required
@private
@require_http_methods(["GET", "POST"])
def collections(request: HttpRequest) -> HttpResponse:
    """One's own and those that one fills; POST makes one."""
    user, status = person(request), 200
    form = CollectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = collecting.make_collection(user, **form.cleaned_data)
                return redirect("collection", made.code)
            except Refusal as refusal:
                status = form.refuse(refusal)
    rows = Collection.objects.filled_by(user).select_related("owner").order_by("-pk")[:LISTED]
    return render(request, "gallery/collections.html", {"collections": list(rows), "form": form}, status=status)


@require_safe
def collection(request: HttpRequest, code: str) -> HttpResponse:
    """Its public pictures, the last added first. `?key=` opens one that is shared by its link."""
    row = Collection.objects.filter(code=code).select_related("owner").first()
    if row is None or not row.is_visible_to(request.user, request.GET.get("key", "")):
        raise Http404(NONE)
    entries = CollectedPost.objects.filter(
        collection=row, post__state=Post.State.APPROVED, post__image__isnull=False, post__image__deleted_at=None
    )
    page = page_of(entries.select_related("post__image", "post__author"), request, POSTS_A_PAGE)
    context = {
        "collection": row,
        "page": page,
        "cards": cards_of(entry.post for entry in page.rows),
        "is_mine": request.user.pk == row.owner_id,
        "link": request.build_absolute_uri(f"{reverse('collection', args=[row.code])}?key={row.key}"),
    }
    response = render(request, "gallery/cards.html" if is_part(request) else "gallery/collection.html", context)
    patch_vary_headers(response, ["HX-Request"])
    if row.visibility != Collection.Visibility.PUBLIC:
        patch_cache_control(response, **FOR_NOBODY)
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Referrer-Policy"] = "no-referrer"
    return response


@login_required
@private
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Title, who sees it, and who fills it."""
    row, status = own_collection(request, code), 200
    initial = {"title": row.title, "visibility": row.visibility}
    form = CollectionForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                collecting.change_collection(person(request), row, **form.cleaned_data)
                messages.success(request, "Saved.")
                return redirect("collection", row.code)
            except Refusal as refusal:
                status = form.refuse(refusal)
    return edit_page(request, row, form, ContributorForm(), status)


def edit_page(
    request: HttpRequest, row: Collection, form: CollectionForm, people_form: ContributorForm, status: int
) -> HttpResponse:
    context = {"collection": row, "form": form, "people_form": people_form, "people": list(row.contributors.all())}
    return render(request, "gallery/collection_edit.html", {**context, "question": DELETE}, status=status)


@login_required
@private
@require_POST
def people(request: HttpRequest, code: str) -> HttpResponse:
    """Lets somebody fill it, or with `remove` no longer; who fills it may remove themselves."""
    user = person(request)
    row = Collection.objects.filled_by(user).filter(code=code).select_related("owner").first()
    if row is None:
        raise Http404(NONE)
    if leaving := request.POST.get("remove", ""):
        collecting.remove_contributor(user, row, leaving)
        return redirect("collection-edit", code) if row.owner_id == user.pk else redirect("collections")
    row, form, status = own_collection(request, code), ContributorForm(request.POST), 400
    if form.is_valid():
        try:
            collecting.add_contributor(user, row, form.cleaned_data["username"])
            return redirect("collection-edit", row.code)
        except Refusal as refusal:
            status = form.refuse(refusal)
    initial = {"title": row.title, "visibility": row.visibility}
    return edit_page(request, row, CollectionForm(initial=initial), form, status)


@login_required
@private
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, code: str) -> HttpResponse:
    row = own_collection(request, code)
    if request.method == "GET":
        return ask(request, DELETE, row.title, reverse("collection-edit", args=[code]))
    collecting.delete_collection(person(request), row)
    messages.success(request, "The collection is deleted.")
    return redirect("collections")


@login_required
@private
@require_http_methods(["GET", "POST"])
def collect(request: HttpRequest, code: str) -> HttpResponse:
    """Which of one's collections hold a picture. POST puts it into `collection`, or with an empty `on` takes it out."""
    post, user = public_post(code), person(request)
    rows = Collection.objects.filled_by(user).order_by("-pk")
    if request.method == "POST":
        row = rows.filter(code=request.POST.get("collection", "")).first()
        if row is None:
            raise Http404(NONE)
        (collecting.collect if request.POST.get("on") else collecting.take_out)(user, row, post)
        return redirect("post-collect", code)
    shown = list(rows[:LISTED])
    holding = set(CollectedPost.objects.filter(post=post, collection__in=shown).values_list("collection", flat=True))
    context = {
        "post": post,
        "choices": [(row, row.pk in holding) for row in shown],
    }
    return render(request, "gallery/collect.html", context)


def own_collection(request: HttpRequest, code: str) -> Collection:
    row: Collection | None = Collection.objects.of(person(request)).filter(code=code).select_related("owner").first()
    if row is None:
        raise Http404(NONE)
    return row
