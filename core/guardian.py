"""The only door to django-guardian: direct-foreign-key grant tables with an allow-list per table.

guardian's list shortcuts are not used: they return rows to inactive people and honour stray global permissions
(SECURITY M1 to M3). Lists are answered by the querysets of orgs and contacts.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

__all__ = [
    "GrantFields",
    "GroupObjectPermissionBase",
    "UserObjectPermissionBase",
    "grant",
    "grant_many",
    "held",
    "holders",
    "revoke",
]


class GrantFields(models.Model):
    """Who gave a right, when, and where it comes from."""

    granted_at = models.DateTimeField(auto_now_add=True)
    granted_by_label = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=16, default="manual")

    class Meta:
        abstract = True

    # Subclasses name the codenames that may be granted on their model; anything else raises.
    allowed_permissions: frozenset[str] = frozenset()


def _permission_id(table: type[models.Model], codename: str) -> int:
    if codename not in table.allowed_permissions:  # type: ignore[attr-defined]  # GrantFields by construction
        raise ValueError(f"{codename} may not be granted through {table.__name__}")
    field: Any = table._meta.get_field("content_object")
    content_type = ContentType.objects.get_for_model(field.related_model)
    model: Any = table._meta.get_field("permission").related_model
    permission: Any = model._default_manager.get(content_type=content_type, codename=codename)
    return int(permission.pk)


def _holder(to: models.Model) -> dict[str, Any]:
    return {"group": to} if isinstance(to, Group) else {"user": to}


def grant(
    *,
    table: type[models.Model],
    codename: str,
    to: models.Model,
    obj: models.Model,
    by_label: str,
    source: str = "manual",
) -> tuple[models.Model, bool]:
    """Gives `to` (a user, or the group of an internal department) the right `codename` on `obj`.

    Returns (row, created). Raises ValueError for a codename that `table` does not allow.
    """
    row, created = table._default_manager.get_or_create(
        permission_id=_permission_id(table, codename),
        content_object=obj,
        **_holder(to),
        defaults={"granted_by_label": by_label[:200], "source": source},
    )
    return row, created


def grant_many(
    *,
    table: type[models.Model],
    codename: str,
    to: models.Model,
    objs: Sequence[models.Model],
    by_label: str,
) -> list[int]:
    """The same on many objects by two queries; returns the ids of those on which it is new.

    The caller holds the locks under which rights on these objects are given.
    """
    had = set(
        held(table=table, codename=codename, to=to, objs=objs).values_list(
            "content_object_id", flat=True
        )
    )
    new = [obj for obj in objs if obj.pk not in had]
    common = {"permission_id": _permission_id(table, codename), "granted_by_label": by_label[:200]}
    table._default_manager.bulk_create(
        [table(content_object=obj, **common, **_holder(to)) for obj in new]
    )
    return [obj.pk for obj in new]


def held(
    *, table: type[models.Model], codename: str, to: models.Model, objs: Sequence[models.Model]
) -> "models.QuerySet[Any]":
    """The rows of this right of one holder on these objects."""
    return table._default_manager.filter(
        permission_id=_permission_id(table, codename), content_object__in=objs, **_holder(to)
    )


def revoke(
    *, table: type[models.Model], codename: str, to: models.Model, obj: models.Model
) -> bool:
    """Takes the right away; False when it was not there."""
    rows = table._default_manager.filter(
        permission_id=_permission_id(table, codename), content_object=obj, **_holder(to)
    )
    return bool(rows.delete()[0])


def holders(
    *, table: type[models.Model], codename: str, obj: models.Model
) -> "models.QuerySet[Any]":
    """Grant rows of `codename` on `obj` in `table`."""
    return table._default_manager.filter(
        permission_id=_permission_id(table, codename), content_object=obj
    )
