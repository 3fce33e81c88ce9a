"""The `<metadata>` of an SVG: infotext and provenance in, infotext out. The paths are `vectorize`'s matter."""

from __future__ import annotations

import re
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape

from generation.imaging.provenance import DRAWN_FROM_TEXT, rdf_description
from generation.imaging.untrusted import PictureRefused

NAMESPACE = "urn:tempera:infotext"
_ELEMENT = f"{NAMESPACE} parameters"
# XML 1.0 cannot hold these, not even escaped.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def svg_metadata(infotext: str, source_type: str = DRAWN_FROM_TEXT) -> str:
    """The `<metadata>` element. Characters that XML has no room for become U+FFFD; all others are read back exactly."""
    # A bare carriage return would be read back as a line feed.
    text = escape(_NOT_IN_XML.sub("\ufffd", infotext), {"\r": "&#13;"})
    parameters = f'<tempera:parameters xmlns:tempera="{NAMESPACE}" xml:space="preserve">{text}</tempera:parameters>'
    return f"<metadata>{rdf_description(source_type)}{parameters if text else ''}</metadata>"


def read_svg_infotext(data: bytes) -> str:
    """The infotext of an SVG that `svg_metadata` made, or an empty text; raises PictureRefused for damaged XML.

    Nothing is fetched and nothing expands: a document that declares any entity is refused.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise PictureRefused("damaged-picture", "This SVG is not well-formed XML.") from error
    return "".join(reader.pieces)


class _Reader:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.inside = False
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.EntityDeclHandler = self.refuse

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self.inside = name == _ELEMENT and not self.pieces

    def end(self, _name: str) -> None:
        self.inside = False

    def text(self, piece: str) -> None:
        if self.inside:
            self.pieces.append(piece)

    def refuse(self, *_declaration: object) -> NoReturn:
        raise PictureRefused("hostile-picture", "This SVG declares entities, which are not read.")
