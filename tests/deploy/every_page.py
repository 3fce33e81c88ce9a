"""`python -m tests.deploy.every_page`: asks for every page of the access table in this Python, and tells what failed.

Run by the tests in an environment that has the web image's packages and nothing else. The data folder must be empty.
"""

from __future__ import annotations

import importlib.util
import io
import sys

import django

django.setup()

from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpResponseBase  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from PIL import Image  # noqa: E402

import config.asgi  # noqa: E402, F401
from accounts.models import ApiToken, User  # noqa: E402
from tests.architecture.access_table import TABLE  # noqa: E402
from tests.architecture.access_things import things_of  # noqa: E402

ABSENT = ("torch", "diffusers", "transformers", "scipy", "onnxruntime", "pytest")
ADMIN = ("", "generation/checkpoint/", "generation/lora/", "gallery/post/", "accounts/user/")


def picture() -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((512, 512)).convert("RGB").save(file, "PNG")
    return SimpleUploadedFile("picture.png", file.getvalue(), "image/png")


def whole(answer: HttpResponseBase) -> HttpResponseBase:
    """With its body read to the end, as a server does."""
    if not getattr(answer, "is_async", False):
        list(getattr(answer, "streaming_content", ()))
    return answer


def failed() -> list[str]:
    owner = User.objects.create_superuser("alice", "alice@example.org", "a long enough password 7")
    things = things_of(owner)
    client = Client(raise_request_exception=False, SERVER_NAME="localhost")
    client.force_login(owner)
    _, token = ApiToken.objects.create(user=owner, name="every page")
    paths = ["/" + (row.path or route).format(**things) for route, row in TABLE.items() if "GET" in row.methods]
    paths += ["/admin/" + path for path in ADMIN]
    answers = {path: whole(client.get(path)).status_code for path in paths}
    # Programs bring a token, and to them a cookie is none.
    for path in (path for path, status in answers.items() if status == 401):
        answers[path] = whole(client.get(path, headers={"authorization": f"Bearer {token}"})).status_code
    wrong = [f"{path}: {status}" for path, status in answers.items() if status >= 500]
    # What works on pixels and marks, where other packages than those of pages come in.
    sent = [
        ("sources", client.post(reverse("sources"), {"file": picture()})),
        ("verify", client.post(reverse("verify"), {"picture": picture()})),
        ("create-read", client.post(reverse("create-read"), {"picture": picture()})),
    ]
    wrong += [f"POST {name}: {answer.status_code}" for name, answer in sent if answer.status_code >= 400]
    print(f"{sum(status == 200 for status in answers.values())} pages of {len(paths)}")
    return wrong


if __name__ == "__main__":
    there = [name for name in ABSENT if importlib.util.find_spec(name)]
    call_command("migrate", verbosity=0)
    call_command("import_weights")
    wrong = failed()
    print("\n".join([*wrong, *(f"{name} can be imported" for name in there)]))
    sys.exit(bool(wrong or there))
