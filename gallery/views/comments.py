"""What people say about a public picture: all of it, and writing, deleting, reporting and removing one."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from accounts.questions import Question, ask
from accounts.refusals import Refusal
from accounts.second_factor import SENTENCE, lacks_second_factor
from gallery import commenting, moderation
from gallery.forms import CommentForm, RemovalForm, ReportForm
from gallery.models import Comment, Post
from gallery.views.access import person, public_post
from generation.web.paging import page_of

COMMENTS_A_PAGE = 30
DELETE = Question(
    "Delete this comment?",
    "It leaves the page at once, and its words do not come back.",
    label="Delete the comment",
    stay="Keep it",
)
private = cache_control(private=True, no_store=True)


@require_http_methods(["GET", "HEAD", "POST"])
def comments(request: HttpRequest, code: str) -> HttpResponse:
    """All comments of a post, newest first; POST writes one."""
    post = public_post(code)
    if request.method != "POST":
        return page(request, post, CommentForm())
    return write(request, post)


@login_required
def write(request: HttpRequest, post: Post) -> HttpResponse:
    form = CommentForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            comment = commenting.write_comment(person(request), post, form.cleaned_data["words"])
            if comment.state == Comment.State.PENDING:
                messages.success(request, "A moderator looks at this comment before others see it.")
            return redirect(f"{reverse('post', args=[post.code])}#comments")
        except Refusal as refusal:
            status = form.refuse(refusal)
    return page(request, post, form, status)


def page(request: HttpRequest, post: Post, form: CommentForm, status: int = 200) -> HttpResponse:
    rows = Comment.objects.public().filter(post=post).select_related("author")
    shown = page_of(rows, request, COMMENTS_A_PAGE)
    context = {"post": post, "page": shown, "comments": shown.rows, "comment_form": form}
    context["moderates"] = moderation.is_moderator(request.user)
    return render(request, "gallery/comments.html", context, status=status)


@login_required
@private
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, code: str) -> HttpResponse:
    """One's own."""
    user = person(request)
    comment = Comment.objects.public().of(user).filter(code=code).select_related("post").first()
    if comment is None:
        raise Http404("There is no such comment, or it is not yours.")
    address = f"{reverse('post', args=[comment.post.code])}#comments"
    if request.method == "GET":
        return ask(request, DELETE, comment.post.title, address)
    commenting.take_back(user, comment)
    messages.success(request, "Your comment is deleted.")
    return redirect(address)


@login_required
@private
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, code: str) -> HttpResponse:
    """Say what is wrong with a comment."""
    comment = public_comment(code)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.carries_out(partial(moderation.report_comment, person(request), comment)):
        messages.success(request, "Thank you. A moderator will look at it.")
        return redirect("post", comment.post.code)
    context = {"comment": comment, "form": form, "title": "Report a comment"}
    context["note"] = "Only moderators read this."
    return render(request, "gallery/about_comment.html", context, status=form.status)


@login_required
@private
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, code: str) -> HttpResponse:
    """The moderators' way to take a comment down, with a reason that its author reads."""
    if not moderation.is_moderator(request.user):
        raise PermissionDenied
    if lacks_second_factor(request.user):
        messages.warning(request, SENTENCE)
        return redirect("mfa_index")
    comment = public_comment(code)
    form = RemovalForm(request.POST if request.method == "POST" else None)
    if form.carries_out(partial(moderation.take_down, person(request), comment)):
        messages.success(request, "The comment is removed.")
        return redirect("post", comment.post.code)
    context = {"comment": comment, "form": form, "title": "Remove a comment"}
    context["note"] = "Its author reads the reason."
    return render(request, "gallery/about_comment.html", context, status=form.status)


def public_comment(code: str) -> Comment:
    rows = Comment.objects.public().filter(code=code).select_related("author", "post__image")
    comment: Comment | None = rows.first()
    if comment is None:
        raise Http404("There is no such comment.")
    return comment
