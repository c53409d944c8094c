"""The columns of an import (SPEC CON-6, ORG-3, docs/import-format.md) as data: their names, levels, templates."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.importing import files
from core.importing.columns import Column, Table
from core.importing.values import MAX_DEPTH

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
    Column(
        "organization_full_name", "组织全称", "Organization full name",
        ("全称", "外部组织全称", "公司全称", "单位全称", "company full name"),
        person=False, example="华信机电设备有限公司", note=_("At most 200 characters."),
    ),
    Column(
        "credit_code", "统一社会信用代码", "Unified social credit code",
        ("信用代码", "社会信用代码", "credit code", "uscc"),
        person=False, example="91350211MA0000001T", note=_("18 characters with the right check character."),
    ),
    Column(
        "organization_category", "组织分类", "Organization category",
        ("外部用户分类", "公司分类", "单位分类", "company category"),
        person=False, example="",
        note=_("One of the categories of the directory. Others are refused: they are made on the page of categories."),
    ),
    Column(
        "organization_tags", "组织标签", "Organization tags", ("公司标签", "单位标签", "company tags"),
        person=False, example="战略;年框", note=_("Several with ; between them."),
    ),
    Column(
        "organization_owners", "对接人", "Responsible people", ("负责人", "我方对接人", "responsible person", "owner"),
        person=False, example="",
        note=_("Our own people: login name, or a name that only one of us has. Several with ; between them."),
    ),
    Column(
        "cooperation_from", "合作开始", "Cooperation from", ("合作开始日期", "合作起始日期"),
        person=False, example="2024-01-31", note=_("A date like 2024-01-31."),
    ),
    Column(
        "cooperation_to", "合作结束", "Cooperation to", ("合作结束日期", "合作截止日期", "合作到期日期"),
        person=False, example="2026-12-31", note=_("A date like 2024-01-31."),
    ),
    Column(
        "organization_order", "组织排序", "Organization order", ("排序",),
        person=False, example="10", note=_("A whole number; small numbers come first."),
    ),
    Column(
        "organization_remark", "组织备注", "Organization remark", ("公司备注", "单位备注", "company remark"),
        person=False, note=_("At most 2000 characters."),
    ),
)  # fmt: skip

DETAILS: Final[dict[str, str]] = {
    "organization_full_name": "full_name",
    "credit_code": "credit_code",
    "organization_category": "category",
    "organization_tags": "tags",
    "organization_owners": "owners",
    "cooperation_from": "cooperation_from",
    "cooperation_to": "cooperation_to",
    "organization_order": "order",
    "organization_remark": "remark",
}
"""Columns that say more about an organization → the field of orgs.services.fields that they fill."""

# Columns that our own files have and no import takes: an export or the file of refused rows comes back without a word.
READ_ONLY: Final[tuple[Column, ...]] = (
    Column("account", "账号状态", "Account state"),
    Column("category", "分类", "Category"),
    Column("created_at", "创建时间", "Created at"),
    Column("parent", "上级", "Belongs to"),
    Column("name_en", "英文名称", "English name"),
    Column("state", "状态", "State"),
)


class _Contacts(Table):
    """Without anything about people the place is enough, if it is told by more than a name: one word alone is rather a
    title.
    """

    def missing(self, keys: Collection[str]) -> list[Column]:
        places_only = len(keys) > 1 and not any(self.by_key[key].person for key in keys)
        found = super().missing(keys)
        return [column for column in found if not (column.person and places_only)]


TABLE: Final = _Contacts(COLUMNS, READ_ONLY)
BY_KEY: Final = TABLE.by_key
label_of = TABLE.label_of


LEVELS: Final[dict[str, tuple[str, ...]]] = {
    "organizations": ("organization", "organization_code", *DETAILS),
    "departments": ("organization", "organization_code", "department"),
    "contacts": tuple(
        column.key for column in COLUMNS if column.key not in ("organization_code", *DETAILS)
    ),
    "all": tuple(column.key for column in COLUMNS),
}
"""Which columns the template of each level has; all of them are read by the same import."""


def headings(level: str = "all", *, english: bool = False) -> list[str]:
    """The first row of the template; required columns have a star."""
    return TABLE.headings(LEVELS[level], english=english)


def examples() -> list[str]:
    """The second row of the template."""
    return [column.example for column in COLUMNS]


def template(level: str = "all") -> bytes:
    """The empty table to fill in."""
    return files.template(TABLE, LEVELS[level], sheet_name=gettext("Contacts"))
