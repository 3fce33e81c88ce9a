"""Says inside a file that a machine drew it: the XMP packet with IPTC's DigitalSourceType. Not for signing."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, unescape

SOFTWARE = "Tempera 0.1"
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
DRAWN_FROM_TEXT = SOURCE_TYPES + "trainedAlgorithmicMedia"
DRAWN_OVER_A_PICTURE = SOURCE_TYPES + "compositeWithTrainedAlgorithmicMedia"

XMP_KEYWORD = "XML:com.adobe.xmp"
"""Under which a PNG keeps its packet, as an iTXt chunk."""

# As an element, as an attribute, or as a resource: all three are written by some program.
_SOURCE_TYPE = re.compile(r"""DigitalSourceType(?:>|\s*=\s*["']|\s+rdf:resource\s*=\s*["'])\s*([^<"'\s]{1,200})""")

_RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
    "<xmp:CreatorTool>{software}</xmp:CreatorTool>"
    "<Iptc4xmpExt:DigitalSourceType>{source_type}</Iptc4xmpExt:DigitalSourceType>"
    "</rdf:Description></rdf:RDF>"
)
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta><?xpacket end="r"?>'
)


def rdf_description(source_type: str = DRAWN_FROM_TEXT) -> str:
    """The `rdf:RDF` element alone, as an SVG's `<metadata>` carries it."""
    return _RDF.format(software=escape(SOFTWARE), source_type=escape(source_type))


def xmp_packet(source_type: str = DRAWN_FROM_TEXT) -> bytes:
    """A whole XMP packet (UTF-8) for PNG, JPEG and WebP; the term is from IPTC's Digital Source Type vocabulary."""
    return _PACKET.format(rdf=rdf_description(source_type)).encode()


def source_type_in(packet: str) -> str:
    """IPTC's term in a packet or in an SVG's metadata, whoever wrote it; an empty text where there is none."""
    found = _SOURCE_TYPE.search(packet)
    return unescape(found[1]) if found else ""
