"""Caption files, read alike by the studio and the shell: which picture each belongs to, and its text.

An encoding is never guessed: a file that could be read in two ways is refused, since a wrong caption would be learned.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import splitext

from generation.training.datasets.preparing import MAX_CAPTION_CHARS, long_caption, tidy_caption
from generation.training.datasets.refusals import FileRefused, RefusedFile, plain_name

SUFFIXES = (".txt", ".caption")
MAX_CAPTION_BYTES = 16_384

# UTF-32's mark for little endian begins with UTF-16's, so it comes first.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
OTHER_LATIN = ("cp1250", "cp1254")
TWO_BYTE = ("cp932", "gbk", "cp949", "big5hkscs")
# A text in Cyrillic or Greek has runs of such letters, and signs of two bytes have them side by side.
_LONE_ACCENTS = re.compile("(?:[\x00-\x7f]|(?<=[A-Za-z])[^\x00-\x7f](?![^\x00-\x7f])|[^\x00-\x7f](?=[A-Za-z]))*")
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class CaptionFile:
    """A caption file with no picture beside it: the caption of a picture of its name that is elsewhere."""

    name: str
    text: str


class CaptionFiles:
    """The caption files of one folder, zip or upload, under their names or paths; no text is used in silence twice."""

    def __init__(self) -> None:
        self._files: dict[str, CaptionFile] = {}
        self._used: set[str] = set()
        self._beside: set[str] = set()
        self._second: list[str] = []

    def add(self, name: str, data: bytes) -> None:
        """Raises FileRefused for a text that cannot be read."""
        file = CaptionFile(name.replace("\\", "/").rpartition("/")[2], read_caption(data))
        if self._files.setdefault(caption_key(name), file) is not file:
            self._second.append(name)

    def caption_of(self, picture: str) -> str:
        """Empty without a file. One that is named after the whole name, `x.png.txt`, goes before `x.txt`."""
        found = [key for key in picture_keys(picture) if key in self._files]
        self._beside.update(found)
        self._used.update(found[:1])
        return self._files[found[0]].text if found else ""

    def left(self) -> Iterator[CaptionFile | RefusedFile]:
        """After all pictures have asked: files of pictures that are elsewhere, and second files of one picture."""
        second = [*self._second, *(self._files[key].name for key in self._files if key in self._beside - self._used)]
        for name in second:
            yield second_caption().named(plain_name(name))
        yield from (file for key, file in self._files.items() if key not in self._beside)


def second_caption() -> FileRefused:
    return FileRefused("second-caption", "The picture has another caption file, and that one was read.")


def is_caption_file(name: str) -> bool:
    return splitext(name)[1].lower() in SUFFIXES


def caption_key(name: str) -> str:
    """By what a caption file is found: `Set/X.png.txt` gives `set/x.png`."""
    return splitext(_folded(name))[0]


def picture_keys(name: str) -> tuple[str, str]:
    """The keys of a picture's caption files: its whole name, and its name without the ending."""
    return _folded(name), splitext(_folded(name))[0]


def read_caption(data: bytes) -> str:
    """The text on one line. Raises FileRefused: too long, not a text, or in an encoding that cannot be told."""
    if len(data) > MAX_CAPTION_BYTES:
        raise FileRefused("file-too-large", f"The file is larger than {MAX_CAPTION_BYTES >> 10} KiB.")
    text = _decoded(data)
    if text is None or _NO_TEXT.search(text):
        sentence = "The encoding of this caption cannot be told; save it as UTF-8."
        raise FileRefused("unreadable-caption", sentence)
    chars = len(" ".join(text.split()))
    if chars > MAX_CAPTION_CHARS:
        raise long_caption(chars)
    return tidy_caption(text)


def _decoded(data: bytes) -> str | None:
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "utf-8")
    text = _strictly(data, encoding)
    return _western(data) if text is None and encoding == "utf-8" else text


def _western(data: bytes) -> str | None:
    """Windows-1252, where the bytes can mean nothing else in another encoding that old editors save."""
    text = _strictly(data, "cp1252")
    if text is None or not _LONE_ACCENTS.fullmatch(text):
        return None
    in_others = [_strictly(data, name) for name in OTHER_LATIN]
    in_two_bytes = [_strictly(data, name) for name in TWO_BYTE]
    return text if all(other == text for other in in_others) and not any(in_two_bytes) else None


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.replace("\\", "/")).casefold()
