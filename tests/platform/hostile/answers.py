"""What is wrong with an answer that shows payloads: whatever of them became more than text."""

from __future__ import annotations

import json
import re
from email.message import Message
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from django.core.mail import EmailMessage

from tests.platform.hostile.payloads import MARK

RUN = re.compile(r"on|x-|@|:|hx-on|style$|srcdoc$|v-")
"""Attributes that a browser, or a library of ours, runs or styles by."""
FOLLOWED = {"href", "src", "action", "formaction", "xlink:href", "poster", "data", "srcset", "background", "manifest"}
SCHEME = re.compile(r"[\s\x00-\x1f]*(javascript|vbscript|data:text)", re.IGNORECASE)
HEADERS = {
    "Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To", "Date", "Message-ID",
}  # fmt: skip
EVALUATED = "31338"
"""What the braces of a payload would be."""


class Reader(HTMLParser):
    """One page: its faults, and the texts and attributes in which payloads are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.shown: list[str] = []
        self.json: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if MARK.search(tag) or (tag == "svg" and any(name == "onload" for name, _ in attrs)):
            self.faults.append(f"an element: {self.get_starttag_text()}")
        for name, value in attrs:
            if MARK.search(name) or (RUN.match(name) and MARK.search(value or "")):
                self.faults.append(f"an attribute: {self.get_starttag_text()}")
            if name in FOLLOWED and SCHEME.match(value or ""):
                self.faults.append(f"an address: {self.get_starttag_text()}")
            self.shown.append(unquote(value or ""))
        if tag in ("script", "style"):
            self.json = [] if dict(attrs).get("type", "") in ("application/json", "importmap") else None

    def handle_data(self, data: str) -> None:
        if self.cdata_elem and self.json is None and MARK.search(data):
            self.faults.append(f"within {self.cdata_elem}: {data[:200]}")
        if self.cdata_elem and self.json is not None:
            self.json.append(data)
            return
        self.shown.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self.json is not None:
            text = "".join(self.json) or "null"
            try:
                self.shown.append(json.dumps(json.loads(text), ensure_ascii=False))
            except ValueError:
                self.faults.append(f"JSON that was ended early: {text[:200]}")
            if "<" in text:
                self.faults.append(f"an unescaped < in JSON: {text[:200]}")
            self.json = None

    def handle_comment(self, data: str) -> None:
        if MARK.search(data):
            self.faults.append(f"within a comment: {data[:200]}")


def read(kind: str, body: str) -> tuple[list[str], set[int]]:
    """The faults of an answer, and the numbers of the columns whose payloads it shows as texts."""
    if not MARK.search(body):
        return [], set()
    readers = (("html", of_html), ("json", of_json), ("xml", of_xml), ("", of_text))
    faults, shown = next(reader for ending, reader in readers if kind.endswith(ending))(body)
    if EVALUATED in body:
        faults.append("a template was run")
    return faults, {int(number) for number in MARK.findall(shown)}


def of_html(body: str) -> tuple[list[str], str]:
    reader = Reader()
    reader.feed(body)
    reader.close()
    return reader.faults, "\n".join(reader.shown)


def of_json(body: str) -> tuple[list[str], str]:
    return [], json.dumps(json.loads(body), ensure_ascii=False)


def of_text(body: str) -> tuple[list[str], str]:
    return [], body


def of_xml(body: str) -> tuple[list[str], str]:
    """Feeds carry HTML as text, which whoever reads them shows as HTML."""
    faults, shown = [], []
    for element in ElementTree.fromstring(body).iter():
        if MARK.search(element.tag) or element.tag.endswith(("svg", "script")):
            faults.append(f"an element: {element.tag}")
        for value in [element.text or "", *element.attrib.values()]:
            if SCHEME.match(value) and element.tag.endswith(("link", "id", "url", "loc", "enclosure")):
                faults.append(f"an address: {value}")
            shown.append(value)
        if element.tag.endswith(("description", "summary", "content")):
            faults += of_html(element.text or "")[0]
    return faults, "\n".join(shown)


def wrong_in_mail(mail: EmailMessage) -> list[str]:
    """Plain text alone, under the headers that every mail has."""
    message = mail.message()
    faults = [f"a header: {name}" for name in message.keys() if name not in HEADERS]  # noqa: SIM118
    if message.get_content_type() != "text/plain" or message.is_multipart():
        faults.append(f"more than plain text: {mail.subject}")
    if "\n" in str(mail.subject):
        faults.append(f"a subject of two lines: {mail.subject}")
    return faults


def wrong_headers(headers: Any) -> list[str]:
    """A browser must take an answer for what it says it is, and a file by one name."""
    faults = []
    if headers.get("X-Content-Type-Options") != "nosniff":
        faults.append("a browser may guess what it is")
    if disposition := headers.get("Content-Disposition", ""):
        message = Message()
        message["content-disposition"] = disposition
        parts = {name for name, _ in message.get_params([], "content-disposition")}
        if parts - {"attachment", "inline", "filename", "filename*"}:
            faults.append(f"a file's name: {disposition}")
    return faults
