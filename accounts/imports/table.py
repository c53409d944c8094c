"""The table of staff: its columns and one row (docs/import-format.md). No database."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import names
from core.cleaning import clean
from core.errors import Invalid
from core.importing import files, values
from core.importing.columns import Column, Table
from core.importing.rows import RowError, row_error
from core.importing.values import BadValue

Path = tuple[str, ...]
MAX_PLACES: Final = 20
ACTIVE: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("是", "启用", "在职", "yes", "y", "true", "1", "enabled", "active"), True),
    **dict.fromkeys(("否", "停用", "离职", "no", "n", "false", "0", "disabled", "inactive"), False),
}
# Not by comma: names of departments have some.
_BETWEEN: Final = re.compile(r"[;；\n]")


class _Staff(Table):
    """A person is found by login name or code: one of the two columns has to be there."""

    def missing(self, keys: Collection[str]) -> list[Column]:
        return [] if {"username", "employee_code"} & set(keys) else [self.by_key["username"]]


TABLE: Final = _Staff(
    (
        Column(
            "name", "姓名", "Name", ("名字", "员工姓名", "full name"), example="王小明",
            note=_("Required for a new person."),
        ),
        Column(
            "username", "登录名", "Login name", ("账号", "用户名", "登录账号", "login", "username", "account"),
            example="wang.xiaoming",
            note=_(
                "Finds the person again, in capital or small letters. Required for a new person: 3 to 64 letters, "
                "digits or . _ @ + -"
            ),
        ),
        Column(
            "employee_code", "工号", "Employee code", ("人员编码", "员工编号", "编号", "code", "employee no"),
            example="E0001", note=_("Finds the person where the login name does not. Unique."),
        ),
        Column(
            "email", "邮箱", "E-mail", ("电子邮箱", "电子邮件", "邮件", "mail", "email address"),
            example="wang@example.com",
            note=_("A new person gets the activation link here. Without it you are shown a first password once."),
        ),
        Column(
            "mobile", "手机", "Mobile", ("手机号", "手机号码", "移动电话", "mobile phone"), example="154 0000 0001",
            note=_("Chinese numbers with 11 digits, others with country code (+852 …)."),
        ),
        Column("position", "职务", "Position", ("职位", "岗位", "title", "job title"), example="采购经理"),
        Column(
            "departments", "部门", "Departments", ("所属部门", "部门路径", "department", "department path"),
            example="集团/采购中心;集团/质量部",
            note=_(
                "Paths from the top with / between the levels, several with ; between them; the first one is the main "
                "department. They take the place of the present ones."
            ),
        ),
        Column(
            "active", "启用", "Active", ("状态", "是否启用", "在职", "state", "enabled"), example="是",
            note=_("是 or 否. 否 disables the login and ends all log-ins."),
        ),
    )
)  # fmt: skip


def template() -> bytes:
    """The empty table to fill in."""
    return files.template(TABLE, sheet_name=gettext("Staff"))


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One clean row; what is empty says nothing."""

    row: int
    name: str = ""
    username: str = ""
    employee_code: str = ""
    email: str = ""
    mobile: str = ""
    position: str = ""
    departments: tuple[Path, ...] = ()
    active: bool | None = None


def _username(raw: str) -> str:
    value = clean(raw, values.UNLIMITED)
    try:
        return names.clean_login_name(value) if value else ""
    except Invalid as error:
        raise BadValue("invalid", error.message) from None


def _departments(raw: str) -> tuple[Path, ...]:
    found = tuple(dict.fromkeys(filter(None, map(values.path, _BETWEEN.split(raw)))))
    if len(found) > MAX_PLACES:
        raise BadValue(
            "too_many", format_lazy(_("More than {limit} departments"), limit=MAX_PLACES)
        )
    return found


def _active(raw: str) -> bool | None:
    value = clean(raw, values.UNLIMITED).casefold()
    if value and value not in ACTIVE:
        raise BadValue("invalid", _("Write 是 or 否, or leave it empty"))
    return ACTIVE.get(value)


_READERS: Final[Mapping[str, Any]] = {
    "name": values.name, "username": _username, "employee_code": values.code, "email": values.email,
    "mobile": values.mobile, "position": values.name, "departments": _departments, "active": _active,
}  # fmt: skip


def parse(row: int, cells: Mapping[str, str]) -> StaffRow | list[RowError] | None:
    """One row by keys, cleaned; its errors; or None for a blank row."""
    errors: list[RowError] = []
    read: dict[str, Any] = {}
    for key, reader in _READERS.items():
        try:
            read[key] = reader(cells.get(key, ""))
        except BadValue as bad:
            errors.append(row_error(row, key, cells[key], bad.kind, bad.reason))
    if errors:
        return errors
    if not any(value not in ("", (), None) for value in read.values()):
        return None
    if not (read["username"] or read["employee_code"]):
        text = _("Write the login name or the employee code")
        return [row_error(row, "username", "", "required", text)]
    return StaffRow(row, **read)
