"""OpenAI's own package drives the site over a real socket: sync, async, streaming, and its retries."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from PIL import Image

from accounts.models import ApiToken, User
from generation.models import Job
from tests.conftest import credits_of
from tests.journeys.site import Site

DROPPED = 5
STEPS = 40


@pytest.fixture
def key(site: Site, alice: User, token_of: Callable[..., str]) -> str:
    return token_of(alice)


@pytest.fixture
def client(site: Site, key: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{site.address}/v1", api_key=key) as client:
        yield client


@contextmanager
def with_line(site: Site, key: str, **options: Any) -> Iterator[OpenAI]:
    """A client whose line to the site is a test's own."""
    with (
        httpx2.Client(**options) as line,
        OpenAI(base_url=f"{site.address}/v1", api_key=key, http_client=line) as client,
    ):
        yield client


def picture(b64_json: str | None) -> Image.Image:
    assert b64_json is not None
    return Image.open(io.BytesIO(base64.b64decode(b64_json)))


def test_a_picture(client: OpenAI, alice: User) -> None:
    answer = client.images.generate(
        model="gpt-image-1",
        prompt="a red apple",
        size="128x128",
        quality="low",
        output_format="webp",
        extra_body={"seed": 7, "num_inference_steps": 4, "guidance_scale": 3, "negative_prompt": "text"},
    )
    assert answer.data is not None
    (row,) = answer.data
    assert (picture(row.b64_json).size, picture(row.b64_json).format) == ((128, 128), "WEBP")
    assert (answer.size, answer.output_format, answer.quality) == ("128x128", "webp", "low")
    assert answer.usage is not None and answer.usage.total_tokens == 0
    job = Job.objects.get()
    assert (job.owner, job.recipe.seed, job.recipe.steps) == (alice, 7, 4)
    assert credits_of(alice) == 1000 - job.credits


def test_several_by_address(client: OpenAI) -> None:
    answer = client.images.generate(model="dall-e-3", prompt="a red apple", size="128x128", n=2)
    assert answer.data is not None
    for row in answer.data:
        assert row.url is not None and row.b64_json is None
        shown = httpx2.get(row.url)
        assert shown.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(shown.content)).size == (128, 128)


def test_models(client: OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert {"emoji-diffusion", "dall-e-3", "gpt-image-1"} <= set(names)
    assert client.models.retrieve("gpt-image-1").object == "model"


def test_a_stream(client: OpenAI) -> None:
    stream = client.images.generate(
        prompt="a red apple",
        size="128x128",
        stream=True,
        partial_images=3,
        extra_body={"num_inference_steps": STEPS},
    )
    *partials, last = list(stream)
    assert last.type == "image_generation.completed"
    assert picture(last.b64_json).size == (128, 128)
    # As many as there was time for.
    assert 1 <= len(partials) <= 3
    for index, event in enumerate(partials):
        assert event.type == "image_generation.partial_image"
        assert (event.partial_image_index, event.size) == (index, "128x128")
        assert picture(event.b64_json).size == (128, 128)


def test_an_edit_and_its_stream(client: OpenAI) -> None:
    made = client.images.generate(prompt="a red apple", size="128x128")
    assert made.data is not None and made.data[0].b64_json is not None
    source, mask = base64.b64decode(made.data[0].b64_json), Image.new("RGBA", (128, 128), "white")
    mask.paste((0, 0, 0, 0), (32, 32, 96, 96))
    file = io.BytesIO()
    mask.save(file, "PNG")
    sent: dict[str, Any] = {"image": ("apple.png", source), "mask": ("mask.png", file.getvalue()), "prompt": "a pear"}
    edited = client.images.edit(**sent)
    assert edited.data is not None and edited.data[0].b64_json is not None
    before, after = picture(made.data[0].b64_json), picture(edited.data[0].b64_json)
    assert after.size == (128, 128) and after.getpixel((9, 9)) == before.getpixel((9, 9))
    *_, last = list(client.images.edit(**{**sent, "prompt": "a plum"}, stream=True))
    assert last.type == "image_edit.completed" and picture(last.b64_json).size == (128, 128)


def test_a_stream_that_fails_says_why(client: OpenAI, alice: User) -> None:
    with pytest.raises(openai.BadRequestError):
        client.images.generate(prompt="a red apple", stream=True, extra_body={"num_inference_steps": 61})
    assert not Job.objects.exists()


def test_async(site: Site, key: str) -> None:
    async def many() -> list[Any]:
        async with AsyncOpenAI(base_url=f"{site.address}/v1", api_key=key) as client:
            asked = [client.images.generate(prompt=noun, size="128x128") for noun in ("a cat", "a dog", "a hen")]
            answers = await asyncio.gather(*asked)
            stream = await client.images.generate(prompt="a cow", size="128x128", stream=True)
            shown = [each.b64_json for answer in answers for each in answer.data or ()]
            return shown + [event.b64_json async for event in stream]

    pictures = asyncio.run(many())
    assert [picture(each).size for each in pictures] == [(128, 128)] * 4
    assert Job.objects.count() == 4


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # OpenAI has given it up
def test_a_variation(client: OpenAI) -> None:
    made = client.images.generate(prompt="a red apple", size="128x128")
    assert made.data is not None and made.data[0].b64_json is not None
    again = client.images.create_variation(
        image=("apple.png", base64.b64decode(made.data[0].b64_json)), n=2, response_format="b64_json"
    )
    assert again.data is not None and len(again.data) == 2
    assert [row.revised_prompt for row in again.data] == ["a red apple"] * 2
    assert len({job.recipe.seed for job in Job.objects.all()}) == 3


def test_refusals_are_the_exceptions_that_programs_catch(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.images.generate(model="dreams", prompt="a red apple")
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as wrong:
        client.images.generate(prompt="a red apple", background="transparent")
    assert (wrong.value.code, wrong.value.param) == ("invalid-value", "background")
    with pytest.raises(openai.BadRequestError) as edit:
        client.images.edit(image=[("a.png", b"one"), ("b.png", b"two")], prompt="a pear")
    assert (edit.value.code, edit.value.param) == ("invalid-value", "image")
    stranger = client.with_options(api_key="tmp_made_up")
    with pytest.raises(openai.AuthenticationError) as guest:
        stranger.models.list()
    assert guest.value.code == "invalid_api_key"
    assert not Job.objects.exists()


def test_a_token_without_the_scope(client: OpenAI, alice: User, token_of: Callable[..., str]) -> None:
    reader = client.with_options(api_key=token_of(alice, scopes=["read"]))
    assert reader.models.list().data
    with pytest.raises(openai.PermissionDeniedError) as refused:
        reader.images.generate(prompt="a red apple")
    assert refused.value.code == "missing-scope" and "generate" in str(refused.value)
    maker = client.with_options(api_key=token_of(alice, scopes=["generate"]))
    with pytest.raises(openai.PermissionDeniedError):
        maker.models.list()


def test_what_is_refused_is_not_sent_again(site: Site, key: str, alice: User) -> None:
    sent: list[str] = []
    hooks = {"request": [lambda request: sent.append(request.url.path)]}
    ApiToken.objects.update(budget=0)
    with with_line(site, key, event_hooks=hooks) as client, pytest.raises(openai.RateLimitError) as refused:
        client.images.generate(prompt="a red apple", size="128x128")
    assert (refused.value.code, sent) == ("insufficient_quota", ["/v1/images/generations"])


class LosesFirstAnswers(httpx2.HTTPTransport):
    """Of each new request the first answer is read and lost on its way."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        if request.headers["x-stainless-retry-count"] == "0":
            response.read()
            response.close()
            raise httpx2.ReadError("The line is dead.", request=request)
        return response


class HangsUp(httpx2.HTTPTransport):
    """Waits for no first answer. `sent` are the counts of retries."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request.headers["x-stainless-retry-count"])
        if len(self.sent) == 1:
            request.extensions = {**request.extensions, "timeout": {**request.extensions["timeout"], "read": 0.1}}
        return super().handle_request(request)


def test_an_answer_that_was_lost_is_asked_for_again_and_paid_once(site: Site, key: str, alice: User) -> None:
    with with_line(site, key, transport=LosesFirstAnswers()) as client:
        for number in range(DROPPED):
            answer = client.images.generate(prompt=f"{number} apples", size="128x128")
            assert answer.data is not None and picture(answer.data[0].b64_json).size == (128, 128)
    jobs = list(Job.objects.all())
    assert len(jobs) == DROPPED
    assert credits_of(alice) == 1000 - sum(job.credits for job in jobs)


def test_a_client_that_gives_up_too_soon_joins_what_it_began(site: Site, key: str, alice: User) -> None:
    line = HangsUp()
    with with_line(site, key, transport=line) as client:
        answer = client.images.generate(prompt="a red apple", size="512x512", extra_body={"num_inference_steps": STEPS})
    assert answer.data is not None and picture(answer.data[0].b64_json).size == (512, 512)
    assert line.sent == ["0", "1"]
    (job,) = Job.objects.all()
    assert credits_of(alice) == 1000 - job.credits
