"""The requests of programs that people have, in the exact shape in which each sends them, over a real socket."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import jwt
import pytest
from PIL import Image

from accounts.models import User
from generation.models import Job
from tests.conftest import credits_of, join
from tests.journeys.site import Site

SECRET = "what Open WebUI and this site both know, and nobody else does...."


@pytest.fixture
def client(site: Site) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=site.address, timeout=300) as client:
        yield client


@pytest.fixture
def bearer(site: Site, alice: User, token_of: Callable[..., str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(alice)}"}


def photograph() -> bytes:
    """As large as they are."""
    data = io.BytesIO()
    Image.effect_noise((1500, 1500), 60).save(data, "PNG")
    assert len(data.getvalue()) > 2**20
    return data.getvalue()


def pictures(answer: httpx2.Response, sizes: tuple[int, int]) -> None:
    """Each row has a whole picture of this size."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    rows = answer.json()["data"]
    assert rows
    for row in rows:
        assert Image.open(io.BytesIO(base64.b64decode(row["b64_json"]))).size == sizes


@pytest.mark.parametrize("model", ["gpt-image-1", "dall-e-3", "emoji-diffusion"])
def test_open_webui(client: httpx2.Client, bearer: dict[str, str], model: str) -> None:
    """It leaves `response_format` out for names that begin with gpt-image, and its operator adds fields as JSON."""
    body = {
        "model": model, "prompt": "a red apple", "n": 1, "size": "128x128",
        **({} if model.startswith("gpt-image") else {"response_format": "b64_json"}),
        "num_inference_steps": 4,
    }  # fmt: skip
    headers = {**bearer, "Content-Type": "application/json", "Accept": "*/*"}
    pictures(client.post("/v1/images/generations?api-version=2026-01", json=body, headers=headers), (128, 128))


def test_open_webui_fetches_addresses_with_its_token(client: httpx2.Client, bearer: dict[str, str]) -> None:
    body = {"model": "gpt-image-1", "prompt": "a red apple", "n": 1, "size": "128x128", "response_format": "url"}
    (row,) = client.post("/v1/images/generations", json=body, headers=bearer).json()["data"]
    shown = client.get(row["url"], headers=bearer)
    assert shown.headers["content-type"].split("/")[0] == "image"


def test_open_webui_names_the_person(site: Site, client: httpx2.Client, alice: User, token_of: Any) -> None:
    operator = join("operator", is_staff=True, is_superuser=True)
    key = token_of(operator, speaks_for_people=True, people_secret=SECRET[:64])
    now = int(time.time())
    claims = {
        "sub": "671fa9fb-0000-4690-9b4a-8f98280ca9da", "email": "alice@example.org", "name": "Alice", "role": "user",
        "iss": "open-webui", "iat": now, "exp": now + 300,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {key}", "X-OpenWebUI-User-Jwt": jwt.encode(claims, SECRET[:64], "HS256")}
    body = {"model": "gpt-image-1", "prompt": "a red apple", "n": 1, "size": "128x128"}
    pictures(client.post("/v1/images/generations", json=body, headers=headers), (128, 128))
    job = Job.objects.get()
    assert job.owner == alice and credits_of(alice) == 1000 - job.credits
    plain = {"Authorization": f"Bearer {key}", "X-OpenWebUI-User-Email": "alice@example.org"}
    refused = client.post("/v1/images/generations", json={**body, "prompt": "a pear"}, headers=plain)
    assert (refused.status_code, Job.objects.count()) == (401, 1)


@pytest.mark.parametrize("field", ["image", "image[]"])
def test_open_webui_and_librechat_edit(client: httpx2.Client, bearer: dict[str, str], field: str) -> None:
    form = {"model": "gpt-image-1", "prompt": "a pear", "n": "1", "size": "128x128", "quality": "low"}
    answer = client.post(
        "/v1/images/edits", data=form, files=[(field, ("a.png", photograph(), "image/png"))], headers=bearer
    )
    pictures(answer, (128, 128))
    assert Job.objects.get().recipe.start is not None


def test_librechat(client: httpx2.Client, bearer: dict[str, str]) -> None:
    body = {
        "model": "gpt-image-1", "prompt": "a red apple", "n": 1, "background": "auto", "output_format": "webp",
        "output_compression": 100, "quality": "auto", "size": "auto",
    }  # fmt: skip
    answer = client.post("/v1/images/generations", json=body, headers=bearer)
    assert answer.status_code == 200, answer.text
    shown = Image.open(io.BytesIO(base64.b64decode(answer.json()["data"][0]["b64_json"])))
    assert shown.format == "WEBP"


def test_n8n_finds_models_that_it_knows(client: httpx2.Client, bearer: dict[str, str]) -> None:
    models = client.get("/v1/models", headers=bearer).json()["data"]
    known = [model["id"] for model in models if model["id"].startswith("dall-")]
    assert known
    body = {"model": known[0], "prompt": "a red apple", "response_format": "b64_json", "size": "256x256", "n": 1}
    pictures(client.post("/v1/images/generations", json=body, headers=bearer), (256, 256))


@pytest.mark.parametrize("size", ["256x256", "1792x1024"])
def test_sizes_from_an_administrators_list(client: httpx2.Client, bearer: dict[str, str], size: str) -> None:
    """AnythingLLM, Nextcloud and Newelle send those of OpenAI."""
    body = {"model": "gpt-image-1", "prompt": "a red apple", "size": size, "n": 1, "num_inference_steps": 1}
    answer = client.post("/v1/images/generations", json=body, headers=bearer)
    drawn = answer.json()["size"]
    assert drawn == ("1352x768" if size == "1792x1024" else size)
    pictures(answer, tuple(map(int, drawn.split("x"))))  # type: ignore[arg-type]


def test_sillytavern_asks_whether_it_is_there(client: httpx2.Client, alice: User, token_of: Callable[..., str]) -> None:
    """Its sdcpp source sends no credentials, so that its token stands in the address."""
    assert client.options("/v1/images/generations").is_success
    key = token_of(alice)
    assert client.options(f"/k/{key}/v1/images/generations").is_success
    assert client.get(f"/k/{key}/v1/models").json()["data"]
