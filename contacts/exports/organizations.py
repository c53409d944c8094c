"""Rows of an export of the organizations of a dimension, batch by batch."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core.vocabulary import word
from orgs.models import Node, OrganizationDetail

BATCH = 1000
COLUMNS = (
    "id",
    "parent_id",
    "name",
    "code",
    "full_name",
    "name_en",
    "order",
    "remark",
    "enabled",
    "created_at",
)


def count(dimension: Node) -> int:
    """How many there are now."""
    return int(_organizations(dimension).count())


def batches(dimension: Node, keys: Sequence[str]) -> Iterator[list[list[str]]]:
    """The rows in the order of the tree; five queries a batch."""
    after = ""
    names = {dimension.pk: dimension.name}
    while True:
        rows = _organizations(dimension).filter(path__gt=after).order_by("path")
        nodes = list(rows.only(*COLUMNS, "path")[:BATCH])
        if not nodes:
            return
        after = nodes[-1].path
        # Above an organization stand organizations only, and they come before it.
        names |= {node.pk: node.name for node in nodes}
        yield _rows(nodes, names, keys)


def _organizations(dimension: Node) -> Any:
    return Node.objects.filter(dimension_id=dimension.pk, kind=Node.Kind.ORGANIZATION)


def _rows(nodes: Sequence[Node], names: dict[int, str], keys: Sequence[str]) -> list[list[str]]:
    details = (
        OrganizationDetail.objects.filter(node__in=nodes)
        .select_related("category")
        .prefetch_related("tags", "owners")
        .in_bulk()
    )
    return [_row(node, details.get(node.pk), names, keys) for node in nodes]


def _row(
    node: Node, detail: OrganizationDetail | None, names: dict[int, str], keys: Sequence[str]
) -> list[str]:
    values: dict[str, Any] = {
        "organization": node.name,
        "organization_code": node.code,
        "parent": names.get(node.parent_id or 0, ""),
        "organization_full_name": node.full_name,
        "name_en": node.name_en,
        "organization_order": node.order,
        "organization_remark": node.remark,
        "state": word("node", "enabled" if node.enabled else "disabled").label,
        "created_at": timezone.localtime(node.created_at).isoformat(sep=" ", timespec="minutes"),
        **(_detail(detail) if detail else {}),
    }
    return [str(values.get(key) or "") for key in keys]


def _detail(detail: OrganizationDetail) -> dict[str, Any]:
    return {
        "credit_code": detail.credit_code,
        "organization_category": detail.category.name if detail.category else "",
        "organization_tags": ";".join(tag.name for tag in detail.tags.all()),
        "organization_owners": _(", ").join(user.name for user in detail.owners.all()),
        "cooperation_from": detail.cooperation_from,
        "cooperation_to": detail.cooperation_to,
    }
