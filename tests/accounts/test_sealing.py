"""Secrets that must be readable again: sealed by the newest key, opened by any, and read where they still lie open."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet

from accounts.sealing import MARK, is_newest, seal, unseal

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def rotate(settings: Any, key: str = "another key, as long as the first one was") -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = key, [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def test_what_is_kept_tells_nothing_and_is_never_the_same_twice() -> None:
    first, second = seal(SECRET, "a"), seal(SECRET, "a")
    assert first != second and SECRET not in first and first.startswith(MARK)
    assert unseal(first, "a") == unseal(second, "a") == SECRET


@pytest.mark.parametrize("kept", ["", SECRET, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_what_lies_open_is_read_as_it_is(kept: str) -> None:
    assert unseal(kept, "a") == kept
    assert is_newest(kept, "a") is not bool(kept)


def test_a_secret_of_one_purpose_is_none_of_another() -> None:
    assert unseal(seal(SECRET, "a"), "b") is None


def test_every_former_key_opens_and_the_newest_seals(settings: Any) -> None:
    kept = [seal(SECRET, "a")]
    for key in ("second", "third"):
        rotate(settings, key)
        kept.append(seal(SECRET, "a"))
    assert [unseal(each, "a") for each in kept] == [SECRET] * 3
    assert [is_newest(each, "a") for each in kept] == [False, False, True]
    settings.SECRET_KEY_FALLBACKS = []
    assert [unseal(each, "a") for each in kept] == [None, None, SECRET]


def test_one_changed_character_opens_nothing() -> None:
    kept = seal(SECRET, "a")
    changed = kept[:60] + ("A" if kept[60] != "A" else "B") + kept[61:]
    assert unseal(changed, "a") is None and not is_newest(changed, "a")


def test_a_foreign_seal_is_not_taken_for_an_open_secret() -> None:
    assert unseal(Fernet(Fernet.generate_key()).encrypt(SECRET.encode()).decode(), "a") is None
