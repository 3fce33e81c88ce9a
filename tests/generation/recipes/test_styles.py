"""Styles: how A1111 puts them around prompts, and its styles.csv with all its quirks."""

from __future__ import annotations

import pytest

from accounts.refusals import Refusal
from generation.recipes.styles import Style, merged, read_csv, styled, write_csv

INK = Style("Ink", "ink drawing of {prompt}, {prompt} again", "photo, {prompt}")
SOFT = Style("Soft", "soft light ", "harsh")


@pytest.mark.parametrize(
    ("fragment", "prompt", "whole"),
    [
        ("a {prompt} of glass", "cat", "a cat of glass"),
        ("glass", "cat ", "cat, glass"),
        ("glass", "", "glass"),
        ("", " cat", "cat"),
        ("{prompt}", " cat ", " cat "),
    ],
)
def test_a_fragment_goes_around_or_behind(fragment: str, prompt: str, whole: str) -> None:
    assert merged(fragment, prompt) == whole


def test_several_go_around_one_another() -> None:
    assert styled("a cat", "", [INK, SOFT]) == ("ink drawing of a cat, a cat again, soft light", "photo,, harsh")
    assert styled("a cat", "dogs", [SOFT]) == ("a cat, soft light", "dogs, harsh")
    assert styled("a cat", "dogs", []) == ("a cat", "dogs")


def test_a_table_is_read_as_it_was_written() -> None:
    styles = [Style("Ink", 'a "quoted", text\nof two lines', "none"), Style("水墨", "{prompt}, ink", "")]
    written = write_csv(styles)
    assert written.startswith(b"\xef\xbb\xbfname,prompt,negative_prompt\r\n")
    assert read_csv(written) == styles


def test_what_programs_wrote_over_the_years_is_read() -> None:
    old = b"name,text\nInk,ink drawing\nNone,\n"
    assert read_csv(old, "sd1") == [Style("Ink", "ink drawing", "", "sd1")]
    head = "name,prompt,negative_prompt\r\n#remark,x,y\r\n-------,,\r\n\r\n"
    rows = 'Ink,first,\r\nInk,"second\r\nline",no\r\nShort,s'
    assert read_csv((head + rows).encode()) == [Style("Ink", "second\nline", "no"), Style("Short", "s", "")]
    assert read_csv(b"Negative_Prompt , NAME,prompt\nn,a,p\n") == [Style("a", "p", "n")]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"prompt,negative_prompt\na,b\n", b"name\na\n", b"\xff\xfe\x00", b"name,prompt\na," + b"x" * 200_000,
        b"name,prompt\n" + b"".join(b"s%d,x\n" % number for number in range(2_001)),
    ],
)  # fmt: skip
def test_what_is_no_table_of_styles_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_csv(data)
    assert refused.value.code in ("no-styles", "too-many-styles") and refused.value.field == "file"
