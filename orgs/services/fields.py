"""What may be written on a node, per kind: cleaned, refused with a sentence, and printed for the audit trail."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import uscc
from core.errors import Invalid
from core.text import clean, pinyin
from orgs.models import Category, DimensionDetail, Node, OrganizationDetail
from orgs.services import words

REMARK = 2000
TAGS = 20
OWNERS = 20


class Fields(TypedDict, total=False):
    """Writable fields. Which of them a kind has says `WRITABLE`; an edit changes only those that are given."""

    name: str
    name_en: str
    full_name: str
    code: str
    order: int
    remark: str
    description: str
    credit_code: str
    category: Category | None
    tags: Sequence[str]
    owners: Sequence[User]
    cooperation_from: datetime.date | None
    cooperation_to: datetime.date | None


# SPEC ORG-2, ORG-3, ORG-4. Anything else raises: no form and no file reaches a column that is not listed (T26).
WRITABLE: dict[int, frozenset[str]] = {
    Node.Kind.DIMENSION: frozenset({"name", "name_en", "code", "order", "description"}),
    Node.Kind.ORGANIZATION: frozenset(
        {
            "name", "full_name", "code", "order", "remark", "credit_code", "category", "tags", "owners",
            "cooperation_from", "cooperation_to",
        }
    ),
    Node.Kind.DEPARTMENT: frozenset({"name", "full_name", "code", "order", "remark"}),
}  # fmt: skip
COLUMNS = frozenset({"name", "name_en", "full_name", "code", "order", "remark"})
DETAIL = frozenset({"description", "credit_code", "category", "cooperation_from", "cooperation_to"})
LENGTHS = {"name": 100, "name_en": 100, "full_name": 200, "code": 64, "description": 500}


def _text(field: str) -> Callable[[str], str]:
    def take(value: str) -> str:
        text = clean(value, LENGTHS[field] + 1)
        if len(text) > LENGTHS[field]:
            message = _("At most %(limit)s characters") % {"limit": LENGTHS[field]}
            raise Invalid(message, field=field)
        return text

    return take


def _name(value: str) -> str:
    text = _text("name")(value)
    if not text:
        raise Invalid(_("Enter a name"), field="name")
    return text


def _remark(value: str) -> str:
    text = clean(value, REMARK + 1, multiline=True)
    if len(text) > REMARK:
        raise Invalid(_("At most %(limit)s characters") % {"limit": REMARK}, field="remark")
    return text


def _credit_code(value: str) -> str:
    if not value.strip():
        return ""
    try:
        return uscc.validate(value)
    except Invalid as error:
        raise Invalid(error.message, field="credit_code") from error


def clean_tags(names: Sequence[str]) -> list[str]:
    """Tags as they may be stored, each once; raises Invalid for too long or too many."""
    cleaned = [clean(name, 31) for name in names]
    if any(len(name) > 30 for name in cleaned):
        raise Invalid(_("A tag has at most 30 characters"), field="tags")
    wanted = list(dict.fromkeys(name for name in cleaned if name))
    if len(wanted) > TAGS:
        raise Invalid(_("At most %(limit)s tags") % {"limit": TAGS}, field="tags")
    return wanted


def _owners(people: Sequence[User]) -> list[User]:
    if len(people) > OWNERS:
        raise Invalid(_("At most %(limit)s people") % {"limit": OWNERS}, field="owners")
    if any(person.is_external for person in people):
        raise Invalid(_("Responsible people are staff"), field="owners")
    return list(dict.fromkeys(people))


_TAKE: dict[str, Callable[[Any], Any]] = {
    "name": _name,
    "name_en": _text("name_en"),
    "full_name": _text("full_name"),
    "code": lambda value: _text("code")(value) or None,
    "description": _text("description"),
    "remark": _remark,
    "credit_code": _credit_code,
    "tags": clean_tags,
    "owners": _owners,
}


def cleaned(kind: int, fields: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
    """The fields as they may be stored.

    Raises Invalid (with the field) for what a person can mend, TypeError for a field that this kind does not have.
    """
    unknown = set(fields) - WRITABLE[Node.Kind(kind)]
    if unknown:
        raise TypeError(f"not writable here: {', '.join(sorted(unknown))}")
    values = {key: _TAKE.get(key, lambda given: given)(value) for key, value in fields.items()}
    if new and "name" not in values:
        raise Invalid(_("Enter a name"), field="name")
    start, end = values.get("cooperation_from"), values.get("cooperation_to")
    if start and end and start > end:
        raise Invalid(_("The end lies before the beginning"), field="cooperation_to")
    return values


def columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """The part of cleaned values that are columns of the node, with those that derive from the name."""
    chosen = {key: value for key, value in values.items() if key in COLUMNS}
    if "name" in chosen:
        reading = pinyin(chosen["name"], surname=False)
        chosen |= {"sort_key": reading.sort_key, "initials": reading.initials}
    return chosen


def write(node: Node, values: Mapping[str, Any]) -> None:
    """Stores cleaned values of an existing node and of its detail row; structure is never among them."""
    Node.objects.filter(pk=node.pk).update(updated_at=timezone.now(), **columns(values))
    write_detail(node, values)


def write_detail(node: Node, values: Mapping[str, Any]) -> None:
    """Stores what only this kind of node has."""
    chosen = {key: value for key, value in values.items() if key in DETAIL}
    if node.kind == Node.Kind.DIMENSION:
        DimensionDetail.objects.update_or_create(node_id=node.pk, defaults=chosen)
    if node.kind != Node.Kind.ORGANIZATION:
        return
    _keep_category(node, chosen.get("category"))
    detail, _created = OrganizationDetail.objects.update_or_create(node_id=node.pk, defaults=chosen)
    if "tags" in values:
        detail.tags.set(words.tags(values["tags"]).values())
    if "owners" in values:
        detail.owners.set(values["owners"])


def _keep_category(node: Node, category: Category | None) -> None:
    had = OrganizationDetail.objects.filter(node_id=node.pk, category=category)
    if category and not had.exists():
        words.keep_category(category)


def snapshot(node: Node) -> dict[str, Any]:
    """Every writable field of a node, which was read or written just now, as the audit trail prints it."""
    wanted = WRITABLE[Node.Kind(node.kind)]
    values = {key: getattr(node, key) for key in sorted(COLUMNS & wanted)}
    if node.kind == Node.Kind.DIMENSION:
        detail = DimensionDetail.objects.filter(node_id=node.pk).first()
        return values | {"description": detail.description if detail else ""}
    if node.kind == Node.Kind.ORGANIZATION:
        values |= _organization(node.pk)
    return values


def _organization(node_id: int) -> dict[str, Any]:
    detail = (
        OrganizationDetail.objects.select_related("category")
        .prefetch_related("tags", "owners")
        .filter(node_id=node_id)
        .first()
    ) or OrganizationDetail()
    saved = bool(detail.pk)
    return {
        "credit_code": detail.credit_code,
        "category": detail.category.name if detail.category else None,
        "tags": [tag.name for tag in detail.tags.all()] if saved else [],
        "owners": [person.actor_label for person in detail.owners.all()] if saved else [],
        "cooperation_from": _day(detail.cooperation_from),
        "cooperation_to": _day(detail.cooperation_to),
    }


def _day(value: datetime.date | None) -> str | None:
    return value.isoformat() if value else None
