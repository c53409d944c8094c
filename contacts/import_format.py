"""The table people import contacts from (SPEC CON-6, docs/import-format.md): its columns and one row.

Data and pure functions: no database, no file. `find_header` says which column is which, `parse_row`
cleans one row, `FileChecks` compares the rows of one file with each other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contacts.import_values import MAX_DEPTH, BadValue, read_value
from core.cleaning import clean
from core.errors import Invalid

HEADER_ROWS: Final = 10
"""The header is one of so many first rows: tables often begin with a title."""

_VALUE_SHOWN: Final = 100
_DECORATION: Final = re.compile(r"[\s*＊:：_-]|[(（].*?[)）]")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key, its names, and what a person reads about it."""

    key: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    person: bool = True
    """Whether it says something about the person: then the row needs a name."""
    example: str = ""
    note: Any = ""

    @property
    def label(self) -> str:
        """Its name in the language of the moment."""
        return self.en if (get_language() or "").startswith("en") else self.zh


COLUMNS: Final = (
    Column(
        "organization", "外部组织", "Organization",
        ("组织", "组织名称", "外部组织名称", "公司", "公司名称", "单位", "单位名称", "company"),
        required=True, person=False, example="华信机电",
        note=_("Required. Is created when there is none of this name or code. At most 100 characters."),
    ),
    Column(
        "organization_code", "组织编码", "Organization code",
        ("外部组织编码", "公司编码", "单位编码", "org code", "company code"),
        person=False, example="SUP-0001",
        note=_(
            "Your own key for the organization: letters, digits, - _ and . (at most 64). "
            "One code belongs to one organization."
        ),
    ),
    Column(
        "department", "部门", "Department", ("部门路径", "所属部门", "department path"),
        person=False, example="销售中心/华东区",
        note=format_lazy(
            _("Path below the organization with / between the levels, at most {limit} levels."), limit=MAX_DEPTH
        ),
    ),
    Column(
        "name", "姓名", "Name", ("联系人", "联系人姓名", "名字", "contact", "full name", "contact name"),
        required=True, example="单田芳",
        note=_(
            "Required for a person. "
            "A row without anything about a person creates only the organization and department."
        ),
    ),
    Column(
        "code", "人员编码", "Contact code", ("联系人编码", "编码", "工号", "编号", "code", "person code"),
        example="P000001",
        note=_(
            "Your own key for the person, unique: letters, digits, - _ and . (at most 64). "
            "With it a later import updates instead of adding."
        ),
    ),
    Column(
        "mobile", "手机", "Mobile", ("手机号", "手机号码", "移动电话", "mobile phone", "cell phone"),
        example="154 0000 0001",
        note=_("Chinese numbers with 11 digits, others with country code (+852 …). Unique in the file."),
    ),
    Column(
        "email", "邮箱", "E-mail", ("电子邮箱", "电子邮件", "邮件", "mail", "email address"),
        example="shan@example.com",
    ),
    Column("position", "职务", "Position", ("职位", "岗位", "title", "job title"), example="销售经理"),
    Column("gender", "性别", "Gender", ("sex",), example="男", note=_("男 or 女, or empty.")),
    Column(
        "telephone", "固定电话", "Telephone", ("座机", "电话", "办公电话", "phone", "landline"),
        example="010-00000000",
    ),
    Column(
        "office", "办公地点", "Office location", ("办公地址", "地址", "office", "address"),
        example="北京 A 座 3 层",
    ),
    Column("remark", "备注", "Remark", ("说明", "note", "remarks"), note=_("At most 2000 characters.")),
    Column("tags", "标签", "Tags", ("tag",), example="重点;华东", note=_("Several with ; between them.")),
    Column(
        "security_level", "安全级别", "Security level", ("密级", "level"), example="0",
        note=_("A whole number from -999 to 0; empty means the default."),
    ),
)  # fmt: skip

BY_KEY: Final[dict[str, Column]] = {column.key: column for column in COLUMNS}

SOURCE_ROW: Final = Column("source_row", "原文件行号", "Row in the file")
REASONS: Final = Column("reasons", "未导入原因", "Why it was refused")
# Columns that our own files have and no import takes: an export or the file of refused rows comes back without a word.
READ_ONLY: Final = (
    Column("account", "账号状态", "Account state"),
    Column("category", "分类", "Category"),
    Column("created_at", "创建时间", "Created at"),
    SOURCE_ROW,
    REASONS,
)


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row is not taken. `reason` can be shown to the user, `kind` is a stable word."""

    row: int
    field: str
    value: str
    kind: str
    reason: Any


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """One clean row. Empty `name`: the row names only an organization (and department)."""

    row: int
    organization: str
    organization_code: str = ""
    department: tuple[str, ...] = ()
    name: str = ""
    code: str = ""
    mobile: str = ""
    email: str = ""
    position: str = ""
    gender: str = ""
    telephone: str = ""
    office: str = ""
    remark: str = ""
    tags: tuple[str, ...] = ()
    security_level: int | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header stands, which column (from 0) holds which key, and headings nobody knows."""

    row: int
    columns: Mapping[int, str]
    unknown: tuple[str, ...] = ()
    cells: tuple[str, ...] = field(default=(), compare=False)
    """Its headings as they stand in the file."""

    def values(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells of one row by key."""
        return {key: cells[at] for at, key in self.columns.items() if at < len(cells)}

    @property
    def twice(self) -> str:
        """A key that two columns hold, or nothing."""
        keys = list(self.columns.values())
        return next((key for key in keys if keys.count(key) > 1), "")

    @property
    def missing(self) -> list[Column]:
        """Columns without which nothing can be read. Without anything about people the place is enough, if it is told
        by more than a name: one word alone is rather a title.
        """
        keys = set(self.columns.values())
        places_only = len(keys) > 1 and not any(BY_KEY[key].person for key in keys)
        return [
            column
            for column in COLUMNS
            if column.required and column.key not in keys and not (column.person and places_only)
        ]

    @property
    def fingerprint(self) -> str:
        """Names this set of headings, in whatever order they stand."""
        names = sorted(_plain(cell) for cell in self.cells if cell)
        return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


class NoHeader(Invalid):
    """No row names the columns; the message says which are missing or there twice."""


def find_header(
    rows: Iterable[tuple[int, Sequence[str]]], chosen: Mapping[int, str] | None = None
) -> Header:
    """The header among the first rows (number from 1, cells); Chinese and English names, any order.

    With `chosen` (column from 0 → key) its columns are those. Raises NoHeader.
    """
    header = guess_header(rows)
    if chosen is not None:
        header = replace(header, columns=dict(chosen), unknown=())
    if header.missing:
        names = ", ".join(f"{column.zh} ({column.en})" for column in header.missing)
        text = _("The first {rows} rows hold no header with the columns {names}")
        raise NoHeader(format_lazy(text, rows=HEADER_ROWS, names=names), field="file")
    if header.twice:
        text = _("The column {name} is there twice")
        raise NoHeader(format_lazy(text, name=BY_KEY[header.twice].zh), field="file")
    return header


def guess_header(rows: Iterable[tuple[int, Sequence[str]]]) -> Header:
    """The row that looks most like a header; where no heading is known, the first with more than one cell."""
    best = Header(0, {})
    for number, cells in rows:
        if number > HEADER_ROWS:
            break
        header = _as_header(number, cells)
        first = not best.row and sum(map(bool, cells)) > 1
        if first or len(header.columns) > len(best.columns):
            best = header
        if {"organization", "name"} <= set(header.columns.values()):
            break
    return best


def _plain(heading: str) -> str:
    return _DECORATION.sub("", clean(heading, _VALUE_SHOWN)).casefold()


_KEYS: Final[dict[str, str]] = {
    _plain(name): column.key
    for column in COLUMNS
    for name in (column.zh, column.en, *column.aliases)
}
_PASSED_OVER: Final = {_plain(name) for column in READ_ONLY for name in (column.zh, column.en)}


def _as_header(number: int, cells: Sequence[str]) -> Header:
    columns = {at: _KEYS[_plain(cell)] for at, cell in enumerate(cells) if _plain(cell) in _KEYS}
    unknown = tuple(
        cell
        for at, cell in enumerate(cells)
        if cell and at not in columns and _plain(cell) not in _PASSED_OVER
    )
    return Header(number, columns, unknown, tuple(cells))


def parse_row(row: int, values: Mapping[str, str]) -> ParsedRow | list[RowError] | None:
    """One row by keys (see `Header.values`), cleaned; its errors; or None for a blank row."""
    errors: list[RowError] = []
    read: dict[str, Any] = {}
    for key in BY_KEY:
        try:
            read[key] = read_value(key, values.get(key, ""))
        except BadValue as bad:
            errors.append(row_error(row, key, values[key], bad.kind, bad.reason))
    wrong = {error.field for error in errors}
    if not errors and not any(value for value in read.values() if value is not None):
        return _blank(row, values)
    if not read.get("organization") and "organization" not in wrong:
        errors.append(
            row_error(row, "organization", "", "required", _("The organization is missing"))
        )
    if not read.get("name") and "name" not in wrong and _says_something(values):
        errors.append(
            row_error(row, "name", values.get("name", ""), "required", _("The name is missing"))
        )
    return errors or ParsedRow(row=row, **read)


def _blank(row: int, values: Mapping[str, str]) -> list[RowError] | None:
    # Something was written that cannot be seen: the person who wrote it should hear of it.
    for key in ("organization", "name"):
        if values.get(key, "").strip():
            text = _("Holds only characters that cannot be seen")
            return [row_error(row, key, values[key], "required", text)]
    return None


def _says_something(values: Mapping[str, str]) -> bool:
    return any(values.get(column.key, "").strip() for column in COLUMNS if column.person)


def row_error(row: int, key: str, value: str, kind: str, reason: Any) -> RowError:
    """Why a row is not taken, with its value cut to what can be shown."""
    return RowError(row, key, clean(value, _VALUE_SHOWN), kind, reason)


LEVELS: Final[dict[str, tuple[str, ...]]] = {
    "organizations": ("organization", "organization_code"),
    "departments": ("organization", "organization_code", "department"),
    "contacts": tuple(column.key for column in COLUMNS if column.key != "organization_code"),
    "all": tuple(BY_KEY),
}
"""Which columns the template of each level has; all of them are read by the same import."""


def headings(level: str = "all", *, english: bool = False) -> list[str]:
    """The first row of the template; required columns have a star."""
    columns = [BY_KEY[key] for key in LEVELS[level]]
    return [
        f"{column.en if english else column.zh}{'*' if column.required else ''}"
        for column in columns
    ]


def examples() -> list[str]:
    """The second row of the template."""
    return [column.example for column in COLUMNS]


def notes(level: str = "all") -> list[str]:
    """What the second sheet of the template explains, in the language of the reader."""
    lines = []
    for column in (BY_KEY[key] for key in LEVELS[level]):
        line = f"{column.zh} ({column.en}): {column.note}"
        if column.example:
            line = f"{line} {_('Example: %(value)s') % {'value': column.example}}"
        lines.append(line)
    return lines
