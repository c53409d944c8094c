"""Telephone numbers."""

from __future__ import annotations

import pytest

from core.phones import InvalidPhone, display, split_e164, to_e164, to_mobile_e164


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("13812342691", "+8613812342691"),
        ("+86 138-1234-2691", "+8613812342691"),
        ("0086 138 1234 2691", "+8613812342691"),
        ("１３８１２３４２６９１", "+8613812342691"),
        ("＋86 138—1234—2691", "+8613812342691"),
        ("86 13812342691", "+8613812342691"),
        ("\u202d138 1234 2691\u202c", "+8613812342691"),
        ("19900001234", "+8619900001234"),
        ("010-6552 9988", "+861065529988"),
        ("+852 9876 5432", "+85298765432"),
        ("+1 (415) 555-2671", "+14155552671"),
    ],
)
def test_numbers_are_read(raw: str, e164: str) -> None:
    assert to_e164(raw) == e164


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "",
            " ",
            "abc",
            "\x00",
            "1" * 60,
            "13812342691;drop",
            "13812342691 ext 5",
            "=13812342691",
        ),
        *("1381234269", "138123426911", "12345678901", "10655299881", "+999 123456"),
        *("138****2691", "٣٨١٢٣٤٢٦٩١"),
    ],
)
def test_garbage_is_refused(raw: str) -> None:
    with pytest.raises(InvalidPhone) as caught:
        to_e164(raw)
    assert str(caught.value)


def test_a_fixed_line_is_no_mobile() -> None:
    assert to_mobile_e164("13812342691") == "+8613812342691"
    assert to_mobile_e164("+852 9876 5432") == "+85298765432"
    for fixed in ("010-65529988", "0571-88000000"):
        with pytest.raises(InvalidPhone):
            to_mobile_e164(fixed)


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+8613812342691", "138 1234 2691"),
        ("+861065529988", "010 6552 9988"),
        ("+85298765432", "+852 9876 5432"),
        ("", ""),
        ("broken", "broken"),
    ],
)
def test_display(e164: str, shown: str) -> None:
    assert display(e164) == shown


def test_split() -> None:
    assert split_e164("+85298765432") == ("852", "98765432")
    assert split_e164("x12") == ("", "12")
