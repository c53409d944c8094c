"""Cleaning, reading and masking of names."""

from __future__ import annotations

import time

import pytest

from core.text import (
    clean,
    fold,
    mask_email,
    mask_mobile,
    pinyin,
    simplified,
    tokens_of,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  张\u3000 三  ", "张 三"),
        ("张\x00三\x1b[31m", "张三[31m"),
        ("\u202e三张\u202c", "三张"),
        ("\u200b张\u200d\ufeff三\u2060", "张三"),
        ("e\u0301", "é"),
        ("\u3164\u2800", ""),
        ("a\r\nb\tc\u2028d", "a b c d"),
        ("\ud800x", "x"),
        ("葛\U000e0100城", "葛城"),
    ],
)
def test_clean_leaves_what_can_be_seen(raw: str, expected: str) -> None:
    assert clean(raw, 100) == expected


def test_clean_keeps_lines_only_where_asked() -> None:
    assert clean(" a \r\n\n\n\n b  c ", 100, multiline=True) == "a\n\nb c"
    assert clean("a\nb", 100) == "a b"


def test_clean_cuts() -> None:
    assert clean("ab cd", 3) == "ab"


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("单田芳", "shan tian fang"),
        ("單田芳", "shan tian fang"),
        ("曾国藩", "zeng guo fan"),
        ("仇英", "qiu ying"),
        ("解缙", "xie jin"),
        ("查良镛", "zha liang yong"),
        ("区乐民", "ou le min"),
        ("朴槿惠", "piao jin hui"),
        ("尉迟恭", "yu chi gong"),
        ("尉遲恭", "yu chi gong"),
        ("万俟卨", "mo qi xie"),
        ("萬俟詠", "mo qi yong"),
        ("单于夫罗", "chan yu fu luo"),
        ("长孙无忌", "zhang sun wu ji"),
        ("乐毅", "yue yi"),
        ("吕布", "lv bu"),
        ("乾隆", "qian long"),
        ("Jean-Paul Müller", "jean paul muller"),
        ("ＡＢＣ公司", "abc gong si"),
        ("张伟2", "zhang wei 2"),
        ("", ""),
    ],
)
def test_pinyin_of_names(name: str, full: str) -> None:
    assert pinyin(name).full == full


def test_sort_key_and_initials() -> None:
    reading = pinyin("爱新觉罗·玄烨")
    assert (reading.sort_key, reading.initials) == ("aixinjueluoxuanye", "axjlxy")


def test_organizations_are_not_read_as_surnames() -> None:
    assert pinyin("解放军总医院", surname=False).sort_key.startswith("jiefang")
    assert pinyin("重庆长安", surname=False).full == "chong qing chang an"


@pytest.mark.parametrize(
    "reading", ["dan tian fang", "Dān Tiánfāng", "dantianfang", "dan'tian'fang", " DAN tianfang "]
)
def test_a_corrected_reading_wins(reading: str) -> None:
    assert pinyin("单田芳", reading).full == "dan tian fang"


def test_a_reading_of_another_length_is_kept_as_typed() -> None:
    assert pinyin("张伟", "zhang wei xiao").full == "zhang wei xiao"
    assert pinyin("吕布", "lǚ bù").sort_key == "lvbu"


def test_sort_keys_are_ordered_by_bytes() -> None:
    names = ["张伟", "阿明", "Zoe", "3M", "の田", "曾巩", "蔡伦"]
    keys = sorted(names, key=lambda n: pinyin(n).sort_key.encode())
    assert keys == ["3M", "阿明", "蔡伦", "曾巩", "张伟", "Zoe", "の田"]


def test_simplified_is_one_for_one() -> None:
    assert simplified("釋慈舟") == "释慈舟"
    text = "乾隆皇帝與張三丰 abc"
    assert len(simplified(text)) == len(text)
    for start in range(len(text)):
        assert simplified(text[start:]) == simplified(text)[start:]


def test_fold() -> None:
    assert fold("ＡＢＣ Café 張") == "abc cafe 张"
    assert fold("ガ") == "ガ"


def test_tokens_know_where_they_stand() -> None:
    tokens = tokens_of("A·張 12")
    assert [(t.start, t.end, t.text) for t in tokens] == [(0, 1, "a"), (2, 3, "张"), (4, 6, "12")]


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+8613812342691", "138****2691"),
        ("+85298765432", "+852 ****5432"),
        ("+14155552671", "+1 41****2671"),
        ("", ""),
        ("+123456", "+1 ****6"),
    ],
)
def test_mask_mobile(number: str, masked: str) -> None:
    assert mask_mobile(number) == masked


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        ("zhangsan@example.com", "z***@example.com"),
        ("a@example.com", "***@example.com"),
        ("broken", "***"),
        ("", ""),
    ],
)
def test_mask_email(email: str, masked: str) -> None:
    assert mask_email(email) == masked


def test_thirty_thousand_names_are_quick() -> None:
    surnames, given = "张王李赵单曾", "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂"
    names = [s + a + b + c for s in surnames for a in given for b in given for c in given][:30_000]
    pinyin("暖")
    started = time.process_time()
    for name in names:
        pinyin(name)
    # Measured on a busy machine: 1.5 s of processor time; a slower one is no failure.
    assert time.process_time() - started < 6
