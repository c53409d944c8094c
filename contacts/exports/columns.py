"""Which columns an export may hold. Those of contacts are the ones an import reads, and some it passes over."""

from collections.abc import Iterable
from typing import Final

from contacts.import_format import COLUMNS, READ_ONLY, REASONS, SOURCE_ROW, Column

CONTACT_COLUMNS: Final[tuple[Column, ...]] = (
    *COLUMNS,
    *(column for column in READ_ONLY if column not in (SOURCE_ROW, REASONS)),
)
ORGANIZATION_COLUMNS: Final[tuple[Column, ...]] = (
    Column("organization", "外部组织", "Organization", required=True),
    Column("organization_code", "组织编码", "Organization code"),
    Column("parent", "上级", "Belongs to"),
    Column("full_name", "全称", "Full name"),
    Column("name_en", "英文名称", "English name"),
    Column("credit_code", "统一社会信用代码", "Unified social credit code"),
    Column("category", "分类", "Category"),
    Column("tags", "标签", "Tags"),
    Column("owners", "负责人", "Responsible people"),
    Column("cooperation_from", "合作开始", "Cooperation from"),
    Column("cooperation_to", "合作结束", "Cooperation to"),
    Column("state", "状态", "State"),
    Column("remark", "备注", "Remark"),
    Column("created_at", "创建时间", "Created at"),
)


def chosen(available: Iterable[Column], keys: Iterable[str]) -> list[Column]:
    """The columns with these keys, in the order of the table; names that do not exist are dropped."""
    wanted = set(keys)
    return [column for column in available if column.key in wanted]
