"""The forms of a page, filled in with payloads as somebody would who does not keep to what the page offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

TYPED = {"text", "search", "email", "url", "tel", "password", "number", "textarea"}


@dataclass
class Form:
    """Where it goes, what stands in it, and the names of what is typed."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        return sorted({*self.fields, *self.typed})

    def filled(self, text: str) -> dict[str, str]:
        return {**self.fields, **dict.fromkeys(self.typed, text)}


class FormReader(HTMLParser):
    """`forms` of a page, and the `names` that its links and forms ask other pages by."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self.names: set[str] = set()
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.names |= set(parse_qs(urlsplit(values.get("href", "")).query, keep_blank_values=True))
        if tag == "form":
            self.forms.append(Form(values.get("method", "get").lower(), values.get("action") or self.path))
        elif tag == "option" and self.select and ("selected" in values or not self.forms[-1].fields[self.select]):
            self.forms[-1].fields[self.select] = values.get("value", "")
        elif tag in ("input", "textarea", "select", "button") and values.get("name") and self.forms:
            self.take(tag, values)

    def take(self, tag: str, values: dict[str, str]) -> None:
        form, name, kind = self.forms[-1], values["name"], values.get("type", "text") if tag == "input" else tag
        if form.method == "get":
            self.names.add(name)
        if kind in TYPED or name == "next":
            form.typed.add(name)
        elif kind == "select":
            self.select = name
            form.fields[name] = ""
        elif kind in ("hidden", "radio", "checkbox", "button"):
            form.fields.setdefault(name, values.get("value", "on"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
