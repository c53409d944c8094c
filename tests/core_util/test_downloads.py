"""A list that is sent while it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import gettext as _

from core import downloads
from tests.core_util.test_sheets_writing import LIVE

ROWS = 200_000


def streamed(rows: Iterator[list[str]], header: list[str] | None = None) -> Iterator[bytes]:
    answer: Any = downloads.stream(title="计划 7", header=header or ["姓名", "=h"], rows=rows)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "filename*=utf-8''%E8%AE%A1%E5%88%92%207-" in answer.headers["Content-Disposition"]
    return iter(answer.streaming_content)


def test_the_head_leaves_before_a_row_is_read_and_no_more_is_read_than_sent() -> None:
    read: list[int] = []

    def rows() -> Iterator[list[str]]:
        for number in range(ROWS):
            read.append(number)
            yield [f"张{number}", "恒拓"]

    parts = streamed(rows())
    assert (next(parts) + next(parts)).decode("utf-8-sig") == "姓名,'=h\r\n"
    assert not read
    sizes = []
    for _number in range(5):
        sizes.append(len(next(parts)))
        assert max(sizes) < 200_000
        assert len(read) < 20_000 * len(sizes)
    assert len(read) < ROWS


def test_every_row_arrives_and_none_is_a_formula() -> None:
    text = b"".join(streamed([one, "x\ny"] for one in LIVE)).decode("utf-8-sig")
    got = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [one[0] for one in got] == [f"'{one}" for one in LIVE]
    assert {one[1] for one in got} == {"x\ny"}


def test_rows_speak_the_language_of_the_view() -> None:
    def rows() -> Iterator[list[str]]:
        yield [_("Items"), ""]

    with translation.override("zh-hans"):
        parts = streamed(rows())
    with translation.override("en"):
        text = b"".join(parts).decode("utf-8-sig")
        assert "变更项" in text
        assert translation.get_language() == "en"


def test_what_fails_on_the_way_is_no_whole_file() -> None:
    def rows() -> Iterator[list[str]]:
        yield ["张三", ""]
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        b"".join(streamed(rows()))
