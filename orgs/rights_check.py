"""Proof that the rights on the tree are such as a service could have given (invariant I6; SECURITY T24, M3)."""

from django.contrib.auth.models import Group
from django.db import models, transaction
from django.db.models import Q

from accounts.models import User
from orgs.models import Node, NodeGroupGrant, NodeUserGrant, NodeVisibleStaff

_STRAY = "rights: {table} {pk} {what}"


def _findings() -> list[tuple[str, "models.QuerySet[models.Model]"]]:
    """(sentence, rows that break it). Every one of these rows gives nobody anything that he should have."""
    external = Q(user__kind=User.Kind.EXTERNAL)
    foreign = ~Q(permission__codename__in=NodeUserGrant.allowed_permissions) | ~Q(
        permission__content_type__app_label="orgs", permission__content_type__model="node"
    )
    not_dimension = Q(permission__codename="maintain_node") & ~Q(
        content_object__kind=Node.Kind.DIMENSION
    )
    found: list[tuple[str, models.QuerySet[models.Model]]] = [
        ("belongs to an external person", NodeUserGrant.objects.filter(external)),
        ("belongs to an external person", NodeVisibleStaff.objects.filter(external)),
    ]
    for table in (NodeUserGrant, NodeGroupGrant):
        found.append(("maintains what is no dimension", table.objects.filter(not_dimension)))
        found.append(("is no right on a node", table.objects.filter(foreign)))
    for grouped in (NodeGroupGrant, NodeVisibleStaff):
        homeless = grouped.objects.filter(group__isnull=False, group__department__isnull=True)
        found.append(("belongs to a group that is no internal department", homeless))
    # Rights without an object are honoured nowhere; one that exists is a mistake or an attempt (M3).
    people = User.user_permissions.through.objects.filter(
        permission__codename__in=NodeUserGrant.allowed_permissions
    )
    groups = Group.permissions.through.objects.filter(
        permission__codename__in=NodeUserGrant.allowed_permissions
    )
    return [
        *found,
        ("is a right without an object", people),
        ("is a right without an object", groups),
    ]


def problems(*, limit: int = 20) -> list[str]:
    """Sentences naming rows that should not be; empty when all is well. Reads only."""
    return [
        _STRAY.format(table=rows.model._meta.db_table, pk=pk, what=what)
        for what, rows in _findings()
        for pk in rows.order_by("pk").values_list("pk", flat=True)[:limit]
    ]


@transaction.atomic
def repair() -> int:
    """Deletes them; returns how many."""
    return sum(rows.delete()[0] for _what, rows in _findings())
