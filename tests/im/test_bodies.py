import hypothesis.strategies as st
import pytest
from hypothesis import given

from im.bodies import clean_body


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("  缩进保留\r\n第二行  ", "  缩进保留\n第二行"),
        ("a\x00b\x07c", "abc"),
        ("admin\u202etxt.exe", "admintxt.exe"),
        ("一\n\n\n\n二", "一\n\n二"),
        ("👨‍👩‍👧 ❤️", "👨‍👩‍👧 ❤️"),
        ("e\u0301", "é"),
        (" \u200b\u2800\n\t ", ""),
        ("\u200d", ""),
        ("a\u2028b\vc", "a\nb\nc"),
        ("<b>不变</b>", "<b>不变</b>"),
    ],
)
def test_cleaning(given_text: str, expected: str) -> None:
    assert clean_body(given_text) == expected


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing_and_leaves_no_control_characters(text: str) -> None:
    once = clean_body(text)
    assert clean_body(once) == once
    assert not any(ord(char) < 32 and char not in "\n\t" for char in once)
    assert "\x00" not in once
    once.encode()
