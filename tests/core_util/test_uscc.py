"""Unified social credit codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.uscc import ALPHABET, InvalidCode, check_character, validate

# Published by the companies themselves.
KNOWN = ["91110108551385082Q", "91440300708461136T", "914403001922038216"]


@pytest.mark.parametrize("code", KNOWN)
def test_known_codes(code: str) -> None:
    assert validate(code) == code


def test_written_forms() -> None:
    assert validate(" 9144 0300-708461136t ") == "91440300708461136T"
    assert validate("９１４４０３００７０８４６１１３６Ｔ") == "91440300708461136T"


@pytest.mark.parametrize(
    "code",
    ["", "91440300708461136", "91440300708461136I", "9144030O708461136T", "9" * 500, "\x00" * 18],
)
def test_wrong_codes(code: str) -> None:
    with pytest.raises(InvalidCode):
        validate(code)


@given(st.sampled_from(KNOWN), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(code: str, place: int, char: str) -> None:
    changed = code[:place] + char + code[place + 1 :]
    if changed != code:
        with pytest.raises(InvalidCode):
            validate(changed)


def test_check_character_needs_seventeen() -> None:
    assert check_character("91440300708461136") == "T"
    with pytest.raises(ValueError, match="seventeen"):
        check_character("9")
