"""Who may see a page and what is theirs: the first line of every view. What is public stands in `catalog`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control

from accounts.models import User
from accounts.refusals import Refusal
from generation.models import GeneratedImage, Job

P = ParamSpec("P")


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User


SignedInView = Callable[Concatenate[SignedInRequest, P], HttpResponseBase]
AnyView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def signed_in_only(view: SignedInView[P]) -> AnyView[P]:
    """Signed-in people only, and nothing of the answer stays in a cache unless the view says otherwise."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return signed_out(request)
        response = view(cast(SignedInRequest, request), *args, **kwargs)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response

    return guarded


def signed_out(request: HttpRequest) -> HttpResponse:
    """To the sign-in page; a script gets a sentence instead, since it could not show that page."""
    if asks_for_part(request):
        return JsonResponse(
            {"code": "signed-out", "detail": "Your session has ended. Sign in again to go on."}, status=401
        )
    return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")


def asks_for_part(request: HttpRequest) -> bool:
    """True for a script of ours that wants a fragment or a sentence, false for a browser that wants a page."""
    return request.headers.get("X-Requested-With") == "fetch"


def refused(refusal: Refusal) -> JsonResponse:
    """A refusal for a script: code, sentence, and the form field it is about."""
    return JsonResponse(
        {"code": refusal.code, "detail": refusal.message, "field": refusal.field}, status=refusal.status
    )


def refusals_on(page: str, *arguments: str) -> Callable[[SignedInView[P]], SignedInView[P]]:
    """What the view is refused is a sentence for a script; a browser reads it on `page`.

    `arguments` name those of the view's that the address of the page takes.
    """

    def decorate(view: SignedInView[P]) -> SignedInView[P]:
        @wraps(view)
        def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except Refusal as refusal:
                if asks_for_part(request):
                    return refused(refusal)
                messages.error(request, refusal.message)
                return redirect(page, *(kwargs[name] for name in arguments))

        return guarded

    return decorate


def done(request: SignedInRequest, page: str, *arguments: str) -> HttpResponse:
    """Nothing for a script, which fetches what has changed; for a browser the page."""
    return HttpResponse(status=204) if asks_for_part(request) else redirect(page, *arguments)


def own_job(request: SignedInRequest, code: str) -> Job:
    job: Job | None = Job.objects.of(request.user).filter(code=code).select_related("image").first()
    if job is None:
        raise Http404("There is no such picture, or it is not yours.")
    return job


def own_image(request: SignedInRequest, code: str) -> GeneratedImage:
    image: GeneratedImage | None = GeneratedImage.objects.of(request.user).kept().filter(code=code).first()
    if image is None:
        raise Http404("There is no such picture, or it is not yours.")
    return image
