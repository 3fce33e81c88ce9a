"""config.env: every reader takes good values, names the variable when it is bad, and secrets may come from files."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import (
    env_bool,
    env_choice,
    env_int,
    env_list,
    env_secret,
    env_site_url,
    env_str,
    env_time,
    env_words,
    kept_secret,
    strong_secret,
)


def test_text_falls_back_when_unset_or_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAMPLE", raising=False)
    assert env_str("SAMPLE", "default") == "default"
    monkeypatch.setenv("SAMPLE", "  ")
    assert env_str("SAMPLE", "default") == "default"


@pytest.mark.parametrize(("text", "value"), [("on", True), ("TRUE", True), ("0", False), ("no", False)])
def test_bool_reads_words(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv("SAMPLE", text)
    assert env_bool("SAMPLE", not value) is value


@pytest.mark.parametrize("text", ["maybe", "2"])
def test_bool_refuses_other_words(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SAMPLE", text)
    with pytest.raises(ImproperlyConfigured, match="SAMPLE"):
        env_bool("SAMPLE", True)


@pytest.mark.parametrize("text", ["x", "1.5", "-1", "70000"])
def test_int_refuses_what_is_no_number_or_out_of_range(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SAMPLE", text)
    with pytest.raises(ImproperlyConfigured, match="SAMPLE"):
        env_int("SAMPLE", 1, low=0, high=65535)


@pytest.mark.parametrize("text", ["24:00", "3:30", "0330", "noon", "03:60"])
def test_time_refuses_what_is_no_time(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SAMPLE", text)
    with pytest.raises(ImproperlyConfigured, match="SAMPLE is .*, as in 03:30"):
        env_time("SAMPLE")


def test_time_reads_hour_and_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE", "03:05")
    assert env_time("SAMPLE") == (3, 5)
    monkeypatch.delenv("SAMPLE")
    assert env_time("SAMPLE") is None


def test_words_refuses_one_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE", "media, all")
    with pytest.raises(ImproperlyConfigured, match="SAMPLE names “all”; it may name: media, weights"):
        env_words("SAMPLE", ("media", "weights"))
    assert env_words("SAMPLE", ("media", "all")) == ["media", "all"]


def test_list_drops_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE", "a, b,,c ")
    assert env_list("SAMPLE") == ["a", "b", "c"]


def test_choice_names_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE", "loud")
    with pytest.raises(ImproperlyConfigured, match="INFO, ERROR"):
        env_choice("SAMPLE", "INFO", ("INFO", "ERROR"))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://pictures.example.org/", "https://pictures.example.org"),
        ("HTTPS://Pictures.example.org:443", "https://pictures.example.org"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://192.168.1.5:80", "http://192.168.1.5"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_sites_address_is_written_as_browsers_write_it(monkeypatch: pytest.MonkeyPatch, text: str, url: str) -> None:
    monkeypatch.setenv("SAMPLE", text)
    assert env_site_url("SAMPLE", "") == url


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("pictures.example.org", "begin with https://"),
        ("pictures.example.org:8000", "begin with https://"),
        ("//pictures.example.org", "begin with https://"),
        ("ftp://pictures.example.org", "begin with https://"),
        ("https://", "name a host"),
        ("https:/pictures.example.org", "name a host"),
        ("https://studio.example/tempera", "below a path"),
        ("https://studio.example/tempera/", "below a path"),
        ("https://studio.example/?a=1", "below a path"),
        ("https://studio.example/#a", "below a path"),
        ("https://maker@studio.example", "plain name"),
        ("https://bücher.example", "xn--"),
        ("https://a.example,https://b.example", "plain name"),
        ("https://two words.example", "plain name"),
        ("https://studio.example:99999", "no address"),
        ("https://studio.example:port", "no address"),
        ("https://[::1", "no address"),
    ],
)
def test_what_is_no_sites_address_is_refused(monkeypatch: pytest.MonkeyPatch, text: str, reason: str) -> None:
    monkeypatch.setenv("SAMPLE", text)
    with pytest.raises(ImproperlyConfigured, match=rf"^SAMPLE is .*{reason}"):
        env_site_url("SAMPLE", "")


@pytest.mark.parametrize(
    "secret",
    [
        "changeme",
        "q8Vn2xZr7Lk4Tw9Bc3Md6Hs1Jf5Gp0Ya-q8Vn2xZr7Lk4Tw9",
        "x" * 80,
        "abcd" * 20,
        "changeme" * 10,
        "django-insecure-q8Vn2xZr7Lk4Tw9Bc3Md6Hs1Jf5Gp0Ya-q8Vn2xZr7Lk4Tw9Bc3Md6Hs1Jf5",
    ],
)
def test_a_secret_that_can_be_guessed_is_refused(secret: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SAMPLE can be guessed"):
        strong_secret("SAMPLE", secret)


def test_a_secret_of_chance_is_taken() -> None:
    for secret in (secrets.token_urlsafe(48), secrets.token_hex(32)):
        assert strong_secret("SAMPLE", secret) == secret


def test_secret_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    monkeypatch.setenv("SAMPLE_FILE", str(tmp_path / "key"))
    assert env_secret("SAMPLE") == "s3cret"
    monkeypatch.setenv("SAMPLE", "another")
    with pytest.raises(ImproperlyConfigured, match="not both"):
        env_secret("SAMPLE")


def test_secret_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAMPLE_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(ImproperlyConfigured, match="SAMPLE_FILE"):
        env_secret("SAMPLE")


def test_a_kept_secret_is_made_once_and_private(tmp_path: Path) -> None:
    first = kept_secret(tmp_path / "new" / "secret")
    assert kept_secret(tmp_path / "new" / "secret") == first
    assert len(first) >= 50
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o077 == 0
