"""The table people import contacts from (SPEC CON-6, docs/import-format.md): its columns and one row.

Data and pure functions: no database, no file. `find_header` says which column is which, `parse_row`
cleans one row, `FileChecks` compares the rows of one file with each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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

    @property
    def heading(self) -> str:
        """As it stands in the template: required ones with a star."""
        return f"{self.zh}*" if self.required else self.zh


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
    """Where the header stands and which column (from 0) holds which key."""

    row: int
    columns: Mapping[int, str]
    unknown: tuple[str, ...] = ()

    def values(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells of one row by key."""
        return {key: cells[at] for at, key in self.columns.items() if at < len(cells)}


class NoHeader(Invalid):
    """No row names the columns; the message says which are missing or there twice."""


def find_header(rows: Iterable[tuple[int, Sequence[str]]]) -> Header:
    """The header among the first rows (number from 1, cells); Chinese and English names, any order.

    Raises NoHeader.
    """
    best: Header | None = None
    for number, cells in rows:
        if number > HEADER_ROWS:
            break
        header = _as_header(number, cells)
        if best is None or len(header.columns) > len(best.columns):
            best = header
        if {"organization", "name"} <= set(header.columns.values()):
            break
    missing = [
        c for c in COLUMNS if c.required and (not best or c.key not in best.columns.values())
    ]
    if best is None or missing:
        names = ", ".join(f"{column.zh} ({column.en})" for column in missing)
        text = _("The first {rows} rows hold no header with the columns {names}")
        raise NoHeader(format_lazy(text, rows=HEADER_ROWS, names=names), field="file")
    keys = list(best.columns.values())
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice:
        text = _("The column {name} is there twice")
        raise NoHeader(format_lazy(text, name=BY_KEY[twice].zh), field="file")
    return best


def _plain(heading: str) -> str:
    return _DECORATION.sub("", clean(heading, _VALUE_SHOWN)).casefold()


_KEYS: Final[dict[str, str]] = {
    _plain(name): column.key
    for column in COLUMNS
    for name in (column.zh, column.en, *column.aliases)
}


def _as_header(number: int, cells: Sequence[str]) -> Header:
    columns = {at: _KEYS[_plain(cell)] for at, cell in enumerate(cells) if _plain(cell) in _KEYS}
    unknown = tuple(cell for at, cell in enumerate(cells) if cell and at not in columns)
    return Header(number, columns, unknown)


def parse_row(row: int, values: Mapping[str, str]) -> ParsedRow | list[RowError] | None:
    """One row by keys (see `Header.values`), cleaned; its errors; or None for a blank row."""
    errors: list[RowError] = []
    read: dict[str, Any] = {}
    for key in BY_KEY:
        try:
            read[key] = read_value(key, values.get(key, ""))
        except BadValue as bad:
            errors.append(_error(row, key, values[key], bad.kind, bad.reason))
    wrong = {error.field for error in errors}
    if not errors and not any(value for value in read.values() if value is not None):
        return _blank(row, values)
    if not read.get("organization") and "organization" not in wrong:
        errors.append(_error(row, "organization", "", "required", _("The organization is missing")))
    if not read.get("name") and "name" not in wrong and _says_something(values):
        errors.append(
            _error(row, "name", values.get("name", ""), "required", _("The name is missing"))
        )
    return errors or ParsedRow(row=row, **read)


def _blank(row: int, values: Mapping[str, str]) -> list[RowError] | None:
    # Something was written that cannot be seen: the person who wrote it should hear of it.
    for key in ("organization", "name"):
        if values.get(key, "").strip():
            text = _("Holds only characters that cannot be seen")
            return [_error(row, key, values[key], "required", text)]
    return None


def _says_something(values: Mapping[str, str]) -> bool:
    return any(values.get(column.key, "").strip() for column in COLUMNS if column.person)


def _error(row: int, key: str, value: str, kind: str, reason: Any) -> RowError:
    return RowError(row, key, clean(value, _VALUE_SHOWN), kind, reason)


@dataclass(slots=True)
class FileChecks:
    """What the rows of one file must not say against each other; feed it row by row, in order.

    Memory: one entry for each person and organization.
    """

    _codes: dict[str, int] = field(default_factory=dict)
    _mobiles: dict[str, int] = field(default_factory=dict)
    _people: dict[tuple[str, tuple[str, ...], str], int] = field(default_factory=dict)
    _code_of: dict[str, tuple[str, int]] = field(default_factory=dict)
    _organization_of: dict[str, tuple[str, int]] = field(default_factory=dict)

    def check(self, parsed: ParsedRow) -> list[RowError]:
        """The errors of this row against those before it; a row with errors is not remembered."""
        errors = self._organization_errors(parsed) + self._person_errors(parsed)
        if not errors:
            self._remember(parsed)
        return errors

    def _organization_errors(self, parsed: ParsedRow) -> list[RowError]:
        code, name = parsed.organization_code, parsed.organization
        if not code:
            return []
        other, row = self._organization_of.get(code.lower(), (name, 0))
        if other != name:
            text = format_lazy(_("Row {row} uses this code for {name}"), row=row, name=other)
            return [_error(parsed.row, "organization_code", code, "conflict", text)]
        other, row = self._code_of.get(name, (code, 0))
        if other.lower() != code.lower():
            text = format_lazy(
                _("Row {row} gives {name} the code {code}"), row=row, name=name, code=other
            )
            return [_error(parsed.row, "organization_code", code, "conflict", text)]
        return []

    def _person_errors(self, parsed: ParsedRow) -> list[RowError]:
        errors = []
        text = _("Row {row} has the same")
        for key, value, seen in (
            ("code", parsed.code, self._codes.get(parsed.code.lower())),
            ("mobile", parsed.mobile, self._mobiles.get(parsed.mobile)),
        ):
            if value and seen:
                errors.append(
                    _error(parsed.row, key, value, "duplicate", format_lazy(text, row=seen))
                )
        twin = self._people.get((parsed.organization, parsed.department, parsed.name))
        if twin and parsed.name and not (parsed.code or parsed.mobile or parsed.email):
            text = _(
                "Row {row} has the same name there; give a code, mobile or e-mail to tell them apart"
            )
            errors.append(
                _error(parsed.row, "name", parsed.name, "duplicate", format_lazy(text, row=twin))
            )
        return errors

    def _remember(self, parsed: ParsedRow) -> None:
        row, name = parsed.row, parsed.organization
        if parsed.organization_code:
            self._organization_of.setdefault(parsed.organization_code.lower(), (name, row))
            self._code_of.setdefault(name, (parsed.organization_code, row))
        if parsed.code:
            self._codes.setdefault(parsed.code.lower(), row)
        if parsed.mobile:
            self._mobiles.setdefault(parsed.mobile, row)
        if parsed.name:
            self._people.setdefault((name, parsed.department, parsed.name), row)


def headings() -> list[str]:
    """The first row of the template; required columns have a star."""
    return [column.heading for column in COLUMNS]


def examples() -> list[str]:
    """The second row of the template."""
    return [column.example for column in COLUMNS]


def notes() -> list[str]:
    """What the second sheet of the template explains, in the language of the reader."""
    return [f"{column.zh} ({column.en}): {column.note}" for column in COLUMNS if column.note]
