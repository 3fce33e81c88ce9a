"""The doors at /v1/: models, pictures from a prompt, variations, edits, and the files that `url` answers lead to.

Their description is OpenAI's own, and the help page's table; the native API's schema does not have them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from rest_framework import permissions
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.refusals import NotFound
from generation.api.access import HasScope, token_of, user_of
from generation.api.dialect import DialectView, Told
from generation.api.feeds import JobFeed, events_answer
from generation.api.openai.aliases import listed_models
from generation.api.openai.answers import answer, pictures_of
from generation.api.openai.asking import Asked, AskedVariation
from generation.api.openai.editing import AskedEdit
from generation.api.openai.errors import in_openais_words
from generation.api.openai.links import picture_of
from generation.api.openai.streaming import PictureStream
from generation.api.outcomes import jobs_now
from generation.api.repeats import Submission, noting_delivery, submit_once
from generation.api.streams import caller_of, streams
from generation.api.waiting import until_ended

LONGEST_WAIT_SECONDS = 570
"""The SDKs give up after 600 s; told before that, they ask again and join the picture under way."""


class OpenAIView(DialectView):
    def in_its_words(self, problem: Mapping[str, Any]) -> Told:
        return in_openais_words(problem)


class ModelsView(OpenAIView):
    """What may be named as a model."""

    scope = "read"

    def get(self, request: Request) -> Response:
        return Response({"object": "list", "data": listed_models(request)})


class ModelView(OpenAIView):
    """One of them."""

    scope = "read"

    def get(self, request: Request, model: str) -> Response:
        for each in listed_models(request):
            if each["id"] == model:
                return Response(each)
        raise NotFound("unknown-checkpoint", f"The model “{model[:100]}” does not exist here, or it is not yours.")


class GenerationsView(OpenAIView):
    """Pictures from a prompt. The answer waits for them; a stream shows them come."""

    scope = "generate"

    def get_permissions(self) -> Sequence[Any]:
        # Some clients ask without a token whether the address is there.
        return [] if self.request.method == "OPTIONS" else super().get_permissions()

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204, headers={"Allow": "POST, OPTIONS"})

    def post(self, request: Request) -> StreamingHttpResponse:
        return answered(request, Asked.read(request.data))


class VariationsView(OpenAIView):
    """A picture's own recipe with other seeds, for pictures that tell their recipe."""

    scope = "generate"
    parser_classes = [MultiPartParser]

    def post(self, request: Request) -> StreamingHttpResponse:
        asked = AskedVariation.read(request.data, request.FILES.get("image"))
        user, token = user_of(request), token_of(request)
        return waited_for(request, submit_once(request, lambda: asked.begin(user, token)), asked, None)


class EditsView(OpenAIView):
    """Pictures from a picture, of which all or what a mask leaves open is drawn."""

    scope = "generate"
    parser_classes = [MultiPartParser]

    def post(self, request: Request) -> StreamingHttpResponse:
        return answered(request, AskedEdit.read_form(cast(QueryDict, request.data), request.FILES))


class PictureView(OpenAIView):
    """The file that a `url` answer leads to; its address is the key."""

    scope = ""
    authentication_classes = ()
    permission_classes = [permissions.AllowAny, HasScope]

    def get(self, request: Request, signed: str) -> HttpResponse:
        return picture_of(signed)


def answered(request: Request, asked: Asked) -> StreamingHttpResponse:
    """Queue what is asked for once, and answer as it is asked: as a stream, or with all pictures."""
    user, token = user_of(request), token_of(request)
    if asked.said["stream"]:
        streams.check_room(user.pk)
    submission = submit_once(request, lambda: asked.begin(user, token))
    if asked.said["stream"]:
        return streamed(request, submission, asked)
    return waited_for(request, submission, asked, asked.said["prompt"])


def waited_for(
    request: Request, submission: Submission, asked: Asked | AskedVariation, prompt: str | None
) -> StreamingHttpResponse:
    """The answer with the pictures, once they are there. Raises Refusal where there is none."""
    until_ended([job.pk for job in submission.jobs], LONGEST_WAIT_SECONDS)
    jobs = pictures_of(jobs_now(submission.jobs))
    body = json.dumps(answer(request, jobs, prompt, asked.delivery, asked.said)).encode()
    return StreamingHttpResponse(noting_delivery(body, submission), content_type="application/json")


def streamed(request: Request, submission: Submission, asked: Asked) -> StreamingHttpResponse:
    """The answer that shows the picture come."""
    feed = JobFeed(caller_of(request), user_of(request).pk, submission.jobs[0].code)
    return events_answer(PictureStream(feed, submission, asked, LONGEST_WAIT_SECONDS))
