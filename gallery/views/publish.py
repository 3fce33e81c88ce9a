"""The author's side: sending a picture in, seeing what became of it, and taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from accounts.questions import ask
from accounts.refusals import Refusal
from gallery.cards import WITHDRAW_POST, state_of
from gallery.forms import PublishForm
from gallery.models import Post
from gallery.publishing import publish_image, withdraw_post
from gallery.views.access import own_image, own_post, person
from gallery.words import plain_prompt
from generation.models import GeneratedImage

private = cache_control(private=True, no_store=True)


@login_required
@private
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, code: str) -> HttpResponse:
    """The form with title and tags; for a picture that was sent in, its state, and the form again where it may be."""
    image = own_image(request, code)
    post: Post | None = Post.objects.filter(image=image).first()
    if request.method == "GET":
        return page(request, image, PublishForm(initial=first_words(image, post)))
    form = PublishForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            publish_image(
                person(request),
                image,
                form.cleaned_data["title"],
                form.tag_names,
                form.cleaned_data["rating"] or image.rating,
                form.cleaned_data["shares"] or Post.Shares.RECIPE,
            )
            messages.success(request, "Sent in. A moderator looks at every picture before it is public.")
            return redirect("image", code)
        except Refusal as refusal:
            status = form.refuse(refusal)
    return page(request, image, form, status)


def page(request: HttpRequest, image: GeneratedImage, form: PublishForm, status: int = 200) -> HttpResponse:
    context = {"image": image, "form": form, "publication": state_of(image)}
    return render(request, "gallery/publish.html", context, status=status)


def first_words(image: GeneratedImage, post: Post | None) -> dict[str, str]:
    """What the form begins with: what was sent in before, or the prompt as a title."""
    if post is not None:
        tags = ", ".join(post.tags.values_list("name", flat=True))
        return {"title": post.title, "tags": tags, "rating": post.rating, "shares": post.shares}
    words = plain_prompt(image.prompt)
    return {"title": words[:1].upper() + words[1:] if len(words) <= 60 else "", "rating": image.rating}


@login_required
@private
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Asks first, for browsers that open no dialog."""
    post = own_post(request, code)
    image = post.image
    back = reverse("image", args=[image.code]) if image and not image.deleted_at else reverse("images")
    if request.method == "GET":
        return ask(request, WITHDRAW_POST, post.title, back)
    try:
        withdraw_post(person(request), post)
        messages.success(request, "Withdrawn. Nobody but you sees it now.")
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect(back)
