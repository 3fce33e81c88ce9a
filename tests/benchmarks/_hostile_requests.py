"""The requests of the benchmark `hostile`: what people send who want a site to stop, each by itself."""

from __future__ import annotations

import http.client
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.plugin import wait_for

MIB = 2**20
EDGE = "edge-of-the-form"
MULTIPART = f"multipart/form-data; boundary={EDGE}"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
PIECE = b"\xff" * MIB
TIMEOUT_SECONDS = 120

Body = Iterable[bytes]
Send = Callable[["Stranger"], str]


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody with an account like everybody's, and with bad intentions. Each request is a connection of its own."""

    port: int
    token: str
    cookie: str
    dataset: str

    @classmethod
    def settled(cls, port: int) -> Stranger:
        """With an account, a token, a session and an empty data set, on a site with its bundled catalog."""
        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore
        from django.core.management import call_command

        from accounts.credits import grant
        from accounts.models import ApiToken, Plan, User
        from generation.catalog.importing import import_folder
        from generation.training.datasets.lifecycle import create_dataset

        call_command("migrate", verbosity=0)
        list(import_folder(settings.WEIGHTS_DIRS[-1]))
        Plan.default()
        user = User.objects.create_user("stranger", "stranger@example.org", "a long enough password")
        grant(user, 10_000, reference="benchmark")
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        dataset = create_dataset(user, "Hostile", "hostile", consent=True)
        token = ApiToken.objects.create(user=user, name="benchmark")[1]
        return cls(port, token, f"sessionid={session.session_key}", dataset.code)

    def warm_up(self) -> None:
        """Everything of the site that is loaded once is loaded."""
        wait_for(self.port)
        for path in ("/", "/create/", "/accounts/login/", "/api/v1/jobs", "/gallery/", "/loras/upload/"):
            self.ask("GET", path, known=True)
        for path in ("/api/v1/loras", "/api/v1/recipes/read", f"/api/v1/datasets/{self.dataset}/pictures"):
            for size in (1000, 3 * MIB):
                self.post(path, form_of("file", "a.png", [bytes(size)]), MULTIPART, known=True)
        self.post("/", [bytes(2 * MIB)], MULTIPART)
        self.post("/api/v1/prompts/inspect", [b'{"prompt": "a red apple"}'], JSON, known=True)
        for picture in (png(2000, 2000, 8, 2), png(2000, 2000, 8, 6)):
            to_reader(picture)(self)
            to_dataset(zipped(numbered(2, picture)))(self)
        to_reader(b"<svg></svg>", "a.svg")(self)

    def ask(self, method: str, path: str, **options: object) -> str:
        return self.send(method, path, None, known=bool(options.get("known")))

    def post(self, path: str, body: Body, kind: str, *, known: bool = False, chunked: bool = False) -> str:
        pieces = list(body) if not isinstance(body, Repeated) else body
        length = None if chunked else body.size if isinstance(body, Repeated) else sum(map(len, pieces))
        return self.send("POST", path, pieces, {"Content-Type": kind}, length, known=known)

    def send(
        self,
        method: str,
        path: str,
        body: Body | None,
        headers: dict[str, str] | None = None,
        length: int | None = None,
        *,
        known: bool = False,
    ) -> str:
        """The status of the answer, or why there was none."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        try:
            line.putrequest(method, path, skip_host=True)
            line.putheader("Host", "localhost")
            for name, value in (headers or {}).items():
                line.putheader(name, value)
            if known and path.startswith("/api/"):
                line.putheader("Authorization", f"Bearer {self.token}")
            elif known:
                # A token of the form and a cookie that match, as a page would have given them.
                line.putheader("Cookie", f"{self.cookie}; csrftoken={'a' * 32}")
                line.putheader("X-CSRFToken", "a" * 32)
            if length is not None:
                line.putheader("Content-Length", str(length))
            elif body is not None:
                line.putheader("Transfer-Encoding", "chunked")
            line.endheaders()
            try:
                for piece in body or ():
                    line.send(piece if length is not None else b"%x\r\n%s\r\n" % (len(piece), piece))
                if body is not None and length is None:
                    line.send(b"0\r\n\r\n")
            except OSError:
                pass  # it does not listen any more; it may have answered
            answer = line.getresponse()
            answer.read()
            return str(answer.status)
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            line.close()


@dataclass(frozen=True, slots=True)
class Repeated:
    """A body of `count` times the same mebibyte between a start and an end; nobody holds all of it."""

    start: bytes
    count: int
    end: bytes

    @property
    def size(self) -> int:
        return len(self.start) + self.count * MIB + len(self.end)

    def __iter__(self) -> Iterator[bytes]:
        yield self.start
        for _ in range(self.count):
            yield PIECE
        yield self.end


def head_of(name: str, filename: str) -> bytes:
    about = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
    return f"--{EDGE}\r\n{about}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()


END = f"\r\n--{EDGE}--\r\n".encode()


def large(mebibytes: int) -> Repeated:
    return Repeated(head_of("file", "some.safetensors"), mebibytes, END)


def form_of(name: str, filename: str, content: Body) -> list[bytes]:
    return [head_of(name, filename), *content, END]


def fields(count: int) -> list[bytes]:
    part = f'--{EDGE}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'.encode()
    return [part * count + f"--{EDGE}--\r\n".encode()]


def png(width: int, height: int, bits: int = 1, kind: int = 0, chunks: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """A black picture; `kind` is 0 for grey, 2 for colours, 6 with alpha."""
    channels = {0: 1, 2: 3, 6: 4}[kind]
    row = 1 + (width * bits * channels + 7) // 8
    packer = zlib.compressobj(9)
    body = (
        b"".join(packer.compress(bytes(row) * min(4096, height - y)) for y in range(0, height, 4096)) + packer.flush()
    )
    head = struct.pack(">2L5B", width, height, bits, kind, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data)) for name, data in parts
    )


def zipped(files: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return file.getvalue()


def numbered(count: int, data: bytes) -> list[tuple[str, bytes]]:
    return [(f"{number}.png", data) for number in range(count)]


def to_dataset(data: bytes) -> Send:
    def send(stranger: Stranger) -> str:
        path = f"/api/v1/datasets/{stranger.dataset}/pictures"
        return stranger.post(path, form_of("files", "all.zip", [data]), MULTIPART, known=True)

    return send


def to_reader(data: bytes, filename: str = "a.png") -> Send:
    return lambda stranger: stranger.post(
        "/api/v1/recipes/read", form_of("picture", filename, [data]), MULTIPART, known=True
    )


def posted(path: str, body: Callable[[], Body], kind: str, *, known: bool = False, chunked: bool = False) -> Send:
    return lambda stranger: stranger.post(path, body(), kind, known=known, chunked=chunked)


def json_to(path: str, text: str) -> Send:
    return posted(path, lambda: [text.encode()], JSON, known=True)


def form_with(**values: str) -> list[bytes]:
    from urllib.parse import urlencode

    return [urlencode({"csrfmiddlewaretoken": "a" * 32, **values}).encode()]


def cursors(stranger: Stranger) -> str:
    """The worst answer of all lists to cursors that were made up."""
    lists = ("jobs", "images", "loras", "checkpoints", "grids", "datasets", "runs", "searches", "merges", "gallery")
    made_up = ("x" * 4000, "cD0yMDI2", "bz0xMDAwMDAwMDAwMDAwMA==", "%00", "cD0lMDA=", "/" * 100)
    return max(
        stranger.ask("GET", f"/api/v1/{name}?cursor={cursor}", known=True) for name in lists for cursor in made_up
    )


def requests() -> Iterator[tuple[str, Send]]:
    """What it is called, and how it is sent. Each is made when its turn comes."""
    yield "64 MB multipart to /, anonymous", posted("/", lambda: large(64), MULTIPART)
    yield "256 MB multipart to /, anonymous", posted("/", lambda: large(256), MULTIPART)
    yield "256 MB multipart to /, anonymous, in chunks", posted("/", lambda: large(256), MULTIPART, chunked=True)
    yield "32 MB of form fields, anonymous", posted("/", lambda: [b"a=1&" * (8 * MIB)], FORM)
    yield "32 MB of form fields, signed in", posted("/create/", lambda: [b"a=1&" * (8 * MIB)], FORM, known=True)
    yield "1 MB of form fields", posted("/accounts/login/", lambda: [b"a=1&" * (MIB // 4 - 10)], FORM)
    yield "1 MB of form parts", posted("/accounts/login/", lambda: fields(MIB // 80), MULTIPART)
    yield "1 MB in chunks of a byte", posted("/", lambda: [b"a"] * (MIB - 10), FORM, chunked=True)
    yield "511 MB LoRA, signed in", posted("/api/v1/loras", lambda: large(511), MULTIPART, known=True)
    yield "511 MB LoRA through the page", posted("/loras/upload/", lambda: large(511), MULTIPART, known=True)
    yield "511 MB LoRA in chunks", posted("/api/v1/loras", lambda: large(511), MULTIPART, known=True, chunked=True)
    yield (
        "511 MB without an edge, signed in",
        posted("/api/v1/loras", lambda: Repeated(b"", 511, b""), MULTIPART, known=True),
    )
    yield "511 MB of form fields to an upload", posted("/loras/upload/", lambda: large(511), FORM, known=True)
    yield "zip of 30 pictures of 1 x 30,000,000", to_dataset(zipped(numbered(30, png(1, 30_000_000))))
    yield "zip of 30 pictures of 5760 x 5760", to_dataset(zipped(numbered(30, png(5760, 5760, 8, 2))))
    yield "zip of 200 pictures of 12 MB of nothing", to_dataset(zipped(numbered(200, bytes(12 * MIB))))
    yield "zip of 60,000 files", to_dataset(zipped(numbered(60_000, b""), zipfile.ZIP_STORED))
    yield "picture of 5760 x 5760 with alpha, read", to_reader(png(5760, 5760, 8, 6))
    text = b"parameters\x00\x00" + zlib.compress(b"(" * (8 * MIB))
    yield "picture with 40 texts of 8 MB, read", to_reader(png(8, 8, chunks=[(b"zTXt", text)] * 40))
    yield (
        "picture with 1 MB of brackets, read",
        to_reader(png(8, 8, chunks=[(b"tEXt", b"parameters\x00" + b"(" * MIB)])),
    )
    yield "SVG nested 500,000 deep, read", to_reader(b"<svg>" + b"<g>" * 500_000, "a.svg")
    yield "JSON nested 500,000 deep", json_to("/api/v1/jobs", "[" * 500_000)
    yield "JSON of 100,000 keys", json_to("/api/v1/jobs", json.dumps(dict.fromkeys(map(str, range(80_000)), 0)))
    yield "JSON number of 1,000,000 digits", json_to("/api/v1/jobs", '{"seed": ' + "9" * 1_000_000 + "}")
    yield "prompt of 1 MB", json_to("/api/v1/prompts/inspect", json.dumps({"prompt": "(" * 1_000_000}))
    yield (
        "prompt of 2,000 brackets",
        json_to("/api/v1/prompts/inspect", json.dumps({"prompt": "(" * 1000 + ")" * 1000})),
    )
    password = {"login": "stranger", "password": "p" * 900_000}
    yield "password of 900 KB, signing in", posted("/accounts/login/", lambda: form_with(**password), FORM)
    joining = {"username": "n" * 300_000, "email": f"{'e' * 300_000}@example.org", "password1": "e" * 300_000}
    yield "name, address and password of 300 KB each", posted("/accounts/signup/", lambda: form_with(**joining), FORM)
    yield "gallery's filters of 15 KB", lambda stranger: stranger.ask("GET", "/gallery/?q=" + "a+" * 7_500)
    yield "cursors that were made up", cursors
