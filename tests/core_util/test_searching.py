"""Search words and queries: what is found, and what must never be."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from core.searching import MAX_WORD, MAX_WORDS
from core.text import Query, highlight_spans, parse_query, pinyin, range_end, search_words


def found(words: list[str], query: Query | None) -> bool:
    """What PostgreSQL answers for `array_to_tsvector(words) @@ tsquery` of a simple query."""
    if query is None:
        return False
    return all(any(w.startswith(p) for w in words) for p in query.prefix_terms) and (
        bool(query.prefix_terms) or any(e in words for e in query.exact_terms)
    )


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("張偉", "张伟"),
        ("张伟", "張偉"),
        ("张三丰", "三丰"),
        ("张三丰", "丰"),
        ("张三丰", "zhangsan"),
        ("张三丰", "sanfeng"),
        ("张三丰", "zsf"),
        ("张三丰", "sf"),
        ("张三丰", "zhangsf"),
        ("张三丰", "zsanfeng"),
        ("张三丰", "zhang san"),
        ("张三丰", "张san"),
        ("张三丰", "张 丰"),
        ("单田芳", "shan"),
        ("单田芳", "dantian"),
        ("吕布", "lvbu"),
        ("吕布", "lubu"),
        ("吕布", "lübu"),
        ("爱新觉罗·玄烨", "罗玄"),
        ("爱新觉罗·玄烨", "玄烨"),
        ("John Smith", "smith j"),
        ("José", "jose"),
        ("3M中国", "3m"),
        ("3M中国", "3M中国"),
    ],
)
def test_names_are_found(name: str, query: str) -> None:
    assert found(search_words(name=name), parse_query(query))


@pytest.mark.parametrize(
    ("name", "query"), [("张三丰", "张伟"), ("张三丰", "zhangw"), ("张三", "sanfeng")]
)
def test_other_names_are_not(name: str, query: str) -> None:
    assert not found(search_words(name=name), parse_query(query))


def test_corrected_reading_is_searched() -> None:
    words = search_words(name="乐嘉", reading="le jia")
    assert found(words, parse_query("lejia"))
    assert found(words, parse_query("yuejia"))


def test_code_is_found_with_and_without_punctuation() -> None:
    words = search_words(name="甲", code="SUP-001")
    assert found(words, parse_query("sup-0"))
    assert found(words, parse_query("SUP001"))


NUMBER = "13812342691"


@pytest.mark.parametrize(
    "query", ["138", "269", "2691", NUMBER, f"+86 {NUMBER}", "138-1234-2691", "138****2691"]
)
def test_numbers_are_found(query: str) -> None:
    parsed = parse_query(query)
    assert parsed is not None
    words = search_words(name="甲", mobile_e164=f"+86{NUMBER}")
    assert found(words, parsed) or any(e in words for e in parsed.exact_terms)


def test_a_number_cannot_be_read_digit_by_digit() -> None:
    """SPEC CON-7: whoever sees `138****2691` learns no further digit by asking for prefixes or pieces."""
    words = search_words(name="甲", mobile_e164=f"+86{NUMBER}")
    shown = {"138", "269", "2691"}
    for start in range(len(NUMBER)):
        for end in range(start + 1, len(NUMBER) + 1):
            piece = NUMBER[start:end]
            for typed in (
                piece,
                f"={piece}",
                f"+86{piece}",
                f"甲 {piece}",
                f"甲{piece}",
                f"a {piece}",
            ):
                query = parse_query(typed)
                if query is None or piece == NUMBER:
                    continue
                terms = [p for p in query.prefix_terms if p[-1].isdigit()]
                hit = any(w.startswith(p) for p in terms for w in words) or any(
                    e in words for e in query.exact_terms
                )
                assert not hit or piece in shown or len(piece) < 3, typed


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_no_typed_text_makes_a_prefix_of_a_whole_number(text: str) -> None:
    query = parse_query(text)
    if query is not None:
        assert not any(term.startswith("=") for term in query.prefix_terms)
        assert all(term.startswith("=") for term in query.exact_terms)


@pytest.mark.parametrize("query", ["", " ", "z", "12", "·", "=", "1 2", "\x00"])
def test_too_short(query: str) -> None:
    assert parse_query(query) is None


@pytest.mark.parametrize(
    ("q", "kind", "prefix", "recheck"),
    [
        ("张伟", "han", "zhangwei", "张伟"),
        ("張偉", "han", "zhangwei", "张伟"),
        ("张san", "mixed", "zhangsan", "张"),
        ("zhangw", "latin", "zhangw", None),
        ("138", "digits", None, None),
    ],
)
def test_query_fields(q: str, kind: str, prefix: str | None, recheck: str | None) -> None:
    query = parse_query(q)
    assert query is not None
    assert (query.kind, query.sort_prefix, query.recheck) == (kind, prefix, recheck)


def test_an_address_is_asked_for_as_a_whole() -> None:
    words = search_words(name="甲", email="Zhang.San@Example.com")
    assert found(words, parse_query("zhang.san@example.com"))
    for part in ("zhang.san", "zhang.san@example.co", "example.com"):
        assert not found(words, parse_query(part))


def test_range_end_holds_every_continuation() -> None:
    for name in ("张伟", "张の", "张𠮷", "张zz"):
        assert "zhang" <= pinyin(name).sort_key < range_end("zhang")


@pytest.mark.parametrize(
    ("text", "q", "spans"),
    [
        ("張三丰", "三丰", [(1, 3)]),
        ("张三丰", "zsf", [(0, 3)]),
        ("张三丰", "sanf", [(1, 3)]),
        ("张三丰", "张san", [(0, 2)]),
        ("爱新觉罗·玄烨", "罗玄", [(3, 6)]),
        ("Jean-Paul 张", "jeanp", [(0, 6)]),
        ("单田芳", "dant", [(0, 2)]),
        ("张三丰", "138", []),
        ("张三 李四", "li zhang", [(0, 1), (3, 4)]),
        ("", "a", []),
    ],
)
def test_highlight(text: str, q: str, spans: list[tuple[int, int]]) -> None:
    assert highlight_spans(text, q) == spans


@given(st.text(max_size=40), st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_highlight_spans_are_ordered_and_inside(text: str, q: str) -> None:
    end = 0
    for start, stop in highlight_spans(text, q):
        assert end <= start < stop <= len(text)
        end = stop


def test_highlight_of_a_hostile_text_is_quick() -> None:
    assert highlight_spans("啊" * 100, "a" * 99 + "b") == []


@given(st.text(max_size=120), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_words_are_bounded(name: str, code: str) -> None:
    words = search_words(name=name, code=code, mobile_e164="+8613800000000")
    assert len(words) <= MAX_WORDS
    assert all(0 < len(word) <= MAX_WORD for word in words)
    assert len(set(words)) == len(words)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("q", "hit"),
    [
        ("三丰", True),
        ("张san", True),
        ("张s", True),
        (f"+86 {NUMBER}", True),
        (NUMBER[:10], False),
        ("2691", True),
        ("o'b\\:*&|!<->", False),
        ("zhang 138", True),
        ("a@b.cn", True),
    ],
)
def test_postgresql_takes_words_and_queries_as_they_are(q: str, *, hit: bool) -> None:
    words = search_words(name="張三丰", code="X'\\1", mobile_e164=f"+86{NUMBER}", email="a@b.cn")
    query = parse_query(q)
    assert query is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_to_tsvector(%s::text[]) @@ %s::tsquery", [words, query.tsquery]
        )
        assert cursor.fetchone() == (hit,)
