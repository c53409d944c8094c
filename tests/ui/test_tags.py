"""Template tags: what they write, and that they escape."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from core.templatetags.ui import avatar_text, css_class, highlight, masked, query_replace, tag, when
from core.vocabulary import WORDS

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("林晓彤", "晓彤"),
        ("沈佳", "沈佳"),
        ("欧阳若曦", "若曦"),
        ("恒拓精密（示例）", "精密"),
        ("Maria Keller", "MK"),
        ("Cher", "CH"),
        ("（示例）", "示例"),
        ("  ", "?"),
        ("", "?"),
    ],
)
def test_avatar_letters(name: str, letters: str) -> None:
    assert avatar_text(name) == letters


def test_avatar_escapes_and_keeps_its_colour() -> None:
    template = Template("{% avatar name key %}")
    html = template.render(Context({"name": "<b>x", "key": 7}))
    assert "<b>" not in html
    assert html == template.render(Context({"name": "<b>x", "key": 7}))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime.datetime(2026, 11, 22, 10, 42, tzinfo=SHANGHAI), "今天 10:42"),
        (datetime.datetime(2026, 11, 21, 17, 46, tzinfo=SHANGHAI), "昨天 17:46"),
        (datetime.datetime(2026, 11, 20, 16, 32, tzinfo=SHANGHAI), "11-20 16:32"),
        (datetime.datetime(2025, 11, 20, 16, 32, tzinfo=SHANGHAI), "2025-11-20"),
        (datetime.datetime(2026, 11, 21, 16, 30, tzinfo=datetime.UTC), "今天 00:30"),
        (datetime.date(2027, 12, 31), "2027-12-31"),
    ],
)
def test_when(value: datetime.datetime | datetime.date, text: str) -> None:
    with time_machine.travel(NOW, tick=False), translation.override("zh-hans"):
        html = when(value)
    assert f">{text}</time>" in html
    assert 'datetime="' in html


def test_when_of_nothing() -> None:
    assert when(None) == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+8613912340457", "139****0457"),
        ("zhangsan@example.com", "z***@example.com"),
        ("", ""),
        (None, ""),
        ("139****0457", "139****0457"),
    ],
)
def test_masked(value: str | None, shown: str) -> None:
    assert masked(value) == shown


def test_highlight_marks_and_escapes() -> None:
    assert highlight("苏州恒拓", "恒拓") == "苏州<mark>恒拓</mark>"
    assert highlight("<i>恒拓", "恒拓") == "&lt;i&gt;<mark>恒拓</mark>"
    assert highlight("林晓彤", "lxt") == "<mark>林晓彤</mark>"
    assert highlight("恒拓", "") == "恒拓"
    assert highlight(None, "x") == ""


def test_query_replace() -> None:
    request = RequestFactory().get("/x/", {"q": "恒 拓", "page": "3", "status": "none"})
    context = Context({"request": request})
    assert query_replace(context, page=4, status=None) == "?q=%E6%81%92+%E6%8B%93&page=4"
    assert query_replace(context, q="", page="", status="") == "?"


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, words in WORDS.items() for value in words]
)
def test_every_state_has_icon_and_word(kind: str, value: str) -> None:
    html = tag(kind, value)
    assert "#" in html
    assert str(WORDS[kind][value].label) in html


def test_unknown_state_is_shown_grey_and_escaped() -> None:
    assert "&lt;x&gt;" in tag("account", "<x>")
    assert 'class="tag"' in tag("nothing", "x")


def test_css_class_takes_plain_words_only() -> None:
    assert css_class(7, "av") == "av7"
    assert css_class('7" onclick="x', "av") == ""
