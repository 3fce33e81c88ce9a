"""config.env: every reader takes good values, names the variable when it is bad, and secrets may come from files."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import env_bool, env_choice, env_int, env_list, env_secret, env_str, kept_secret


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


def test_list_drops_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE", "a, b,,c ")
    assert env_list("SAMPLE") == ["a", "b", "c"]


def test_choice_names_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE", "loud")
    with pytest.raises(ImproperlyConfigured, match="INFO, ERROR"):
        env_choice("SAMPLE", "INFO", ("INFO", "ERROR"))


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
