"""The import table: header and rows."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.import_checks import FileChecks
from contacts.import_columns import BY_KEY, COLUMNS, TABLE, examples, headings
from contacts.import_format import ParsedRow, find_header, parse_row
from core.importing.headers import Header, NoHeader
from core.importing.rows import RowError


def parsed(row: int = 2, **values: str) -> ParsedRow:
    result = parse_row(row, {"organization": "华信", "name": "张三", **values})
    assert isinstance(result, ParsedRow), result
    return result


def errors(row: int = 2, **values: str) -> list[tuple[str, str]]:
    result = parse_row(row, {"organization": "华信", "name": "张三", **values})
    assert isinstance(result, list), result
    for error in result:
        assert error.row == row
        assert str(error.reason)
    return [(error.field, error.kind) for error in result]


def test_headers_in_chinese_and_english_in_any_order() -> None:
    chinese = find_header([(1, ["通讯录"]), (2, []), (3, ["手机", "姓名*", "外部组织 *", "别的"])])
    assert chinese == Header(3, {0: "mobile", 1: "name", 2: "organization"}, ("别的",))
    english = find_header([(1, ["E-MAIL", "Name", "Organization", "Security level"])])
    assert set(english.columns.values()) == {"email", "name", "organization", "security_level"}
    assert chinese.values(["138", "张三"]) == {"mobile": "138", "name": "张三"}


def test_the_template_is_a_header() -> None:
    header = find_header([(1, headings())])
    assert list(header.columns.values()) == [column.key for column in COLUMNS] == list(BY_KEY)
    assert isinstance(parse_row(2, header.values(examples())), ParsedRow)
    assert len(TABLE.notes()) > 5


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(1, ["姓名", "手机"])],
        [(1, ["外部组织"]), (2, ["姓名"])],
        [(number, []) for number in range(1, 11)] + [(11, ["外部组织", "姓名"])],
        [(1, ["外部组织", "姓名", "手机", "手机号"])],
    ],
)
def test_no_header(rows: list[tuple[int, list[str]]]) -> None:
    with pytest.raises(NoHeader) as caught:
        find_header(rows)
    assert str(caught.value)


def test_a_full_row() -> None:
    row = parsed(
        organization="  华信\u200b机电 ",
        organization_code="ＳＵＰ-01",
        department="销售中心／华东区 / 上海",
        name="單田芳",
        code="P.1_a-2",
        mobile="+86 154-0000-0001",
        email="Shan@Example.COM",
        position="经理",
        gender="女士",
        telephone="010-6552 9988 转 12",
        office="A 座",
        remark="第一行\n第二行",
        tags="重点；华东,重点",
        security_level="\u22125",
    )
    assert row == ParsedRow(
        row=2,
        organization="华信机电",
        organization_code="SUP-01",
        department=("销售中心", "华东区", "上海"),
        name="單田芳",
        code="P.1_a-2",
        mobile="+8615400000001",
        email="Shan@example.com",
        position="经理",
        gender="f",
        telephone="010-6552 9988 转 12",
        office="A 座",
        remark="第一行\n第二行",
        tags=("重点", "华东"),
        security_level=-5,
    )


def test_rows_without_a_person() -> None:
    row = parse_row(4, {"organization": "华信", "department": "采购部"})
    assert row == ParsedRow(row=4, organization="华信", department=("采购部",))
    assert parse_row(5, {"organization": "", "name": " "}) is None
    assert parse_row(5, {}) is None


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("organization", "", "required"),
        ("organization", "\u200b\x00", "required"),
        ("organization", "长" * 101, "too_long"),
        ("organization", "=1+1", "formula"),
        ("organization_code", "编码", "invalid"),
        ("organization_code", "x" * 65, "too_long"),
        ("department", "a//b", "invalid"),
        ("department", "/a", "invalid"),
        ("department", "/".join("abcdefghijk"), "too_deep"),
        ("department", "a/" + "b" * 101, "too_long"),
        ("department", "a/=b", "formula"),
        ("name", "长" * 101, "too_long"),
        ("name", "＝cmd", "formula"),
        ("name", "+x", "formula"),
        ("name", "@x", "formula"),
        ("name", "···", "invalid"),
        ("code", "a b", "invalid"),
        ("code", "-a", "invalid"),
        ("code", "_a", "invalid"),
        ("mobile", "1381234", "invalid"),
        ("mobile", "010-65529988", "invalid"),
        ("email", "nobody", "invalid"),
        ("email", "a@b@c.cn", "invalid"),
        ("email", "a" * 300 + "@example.com", "too_long"),
        ("position", "x" * 101, "too_long"),
        ("gender", "其他", "invalid"),
        ("telephone", "没有", "invalid"),
        ("telephone", "1" * 41, "too_long"),
        ("office", "x" * 201, "too_long"),
        ("remark", "x" * 2001, "too_long"),
        ("remark", '=HYPERLINK("http://example.com")', "formula"),
        ("tags", "x" * 31, "too_long"),
        ("tags", ";".join(map(str, range(21))), "too_many"),
        ("security_level", "1", "out_of_range"),
        ("security_level", "-1000", "out_of_range"),
        ("security_level", "高", "invalid"),
        ("security_level", "-1.5", "invalid"),
    ],
)
def test_refused_values(field: str, value: str, kind: str) -> None:
    assert errors(**{field: value}) == [(field, kind)]


def test_missing_name_with_something_about_a_person() -> None:
    assert errors(name="", mobile="15400000001") == [("name", "required")]
    assert errors(name="\u200b", position="经理") == [("name", "required")]


def test_all_errors_of_a_row_are_told() -> None:
    assert errors(organization="", name="=x", mobile="1", gender="?") == [
        ("name", "formula"),
        ("mobile", "invalid"),
        ("gender", "invalid"),
        ("organization", "required"),
    ]


def test_reasons_are_translated_when_shown() -> None:
    result = parse_row(2, {"organization": "华信", "name": "x" * 101})
    assert isinstance(result, list)
    with translation.override("en"):
        assert str(result[0].reason) == "Longer than 100 characters"
    assert len(result[0].value) <= 100


def checked(*rows: dict[str, str]) -> list[list[tuple[str, str]]]:
    checks = FileChecks()
    found = [checks.check(parsed(number, **row)) for number, row in enumerate(rows, start=2)]
    return [[(error.field, error.kind) for error in one] for one in found]


def test_rows_against_each_other() -> None:
    assert checked(
        {"code": "P1", "mobile": "15400000001", "organization_code": "S1"},
        {"code": "p1", "mobile": "+86 154 0000 0001", "organization_code": "s1"},
        {"organization": "别家", "code": "P2", "organization_code": "S1"},
        {"code": "P3", "organization_code": "S2"},
        {"code": "P2"},
        {"name": "李四"},
        {"name": "李四"},
        {"name": "李四", "email": "li@example.com"},
        {"name": "李四", "department": "采购部"},
    ) == [
        [],
        [("code", "duplicate"), ("mobile", "duplicate")],
        [("organization_code", "conflict")],
        [("organization_code", "conflict")],
        [],
        [],
        [("name", "duplicate")],
        [],
        [],
    ]


def test_organizations_alone_are_never_duplicates() -> None:
    checks = FileChecks()
    for number in (2, 3):
        row = parse_row(number, {"organization": "华信"})
        assert isinstance(row, ParsedRow)
        assert checks.check(row) == []


@given(st.dictionaries(st.sampled_from(sorted(BY_KEY)), st.text(max_size=40)))
@settings(deadline=None, max_examples=300)
def test_any_row_is_parsed_or_explained(values: dict[str, str]) -> None:
    result = parse_row(2, values)
    if isinstance(result, list):
        assert result
        assert all(isinstance(error, RowError) and error.field in BY_KEY for error in result)
    elif result is not None:
        assert result.organization
        assert "\x00" not in repr(result)
