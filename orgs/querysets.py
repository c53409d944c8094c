"""Reads on the tree."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from mptt.managers import TreeManager
from mptt.querysets import TreeQuerySet

from orgs.permissions import Scope, scope_of

if TYPE_CHECKING:
    from orgs.models import Node


class NodeQuerySet(TreeQuerySet):  # type: ignore[misc]  # django-mptt has no types
    """Chainable reads; `maintained_by` is the only way a back-office page reaches nodes."""

    def dimensions(self) -> Self:
        rows: Self = self.filter(kind=0)
        return rows

    def maintained_by(self, user: Any) -> Self:
        """Nodes of the dimensions that `user` maintains."""
        return self.in_maintained(scope_of(user))

    def in_maintained(self, scope: Scope) -> Self:
        """The same for a scope that was read already."""
        everything: Self = self.all()
        kept: Self = self.filter(dimension_id__in=scope.maintained)
        return everything if scope.everything else kept

    def below(self, node: "Node", *, include_self: bool = True) -> Self:
        """The subtree of `node` by path, whole elements compared (SECURITY T23)."""
        rows: Self = self.filter(path__startswith=node.path)
        without: Self = rows.exclude(pk=node.pk)
        return rows if include_self else without

    def at_or_below_any(self, paths: tuple[str, ...]) -> Self:
        """Nodes in any of the subtrees with these paths."""
        condition = Q(pk__in=[])
        for path in paths:
            condition |= Q(path__startswith=path)
        rows: Self = self.filter(condition)
        return rows

    def in_display_order(self) -> Self:
        """By the order set by hand, then by pinyin."""
        rows: Self = self.order_by("order", "sort_key", "id")
        return rows


class NodeManager(TreeManager.from_queryset(NodeQuerySet)):  # type: ignore[misc]
    """django-mptt's manager with our reads; django-mptt orders by interval unless told otherwise."""

    def get_queryset(self) -> "models.QuerySet[Any]":
        return NodeQuerySet(self.model, using=self._db)


class RestructuringQuerySet(models.QuerySet[Any]):
    """Large changes of the tree, for the worker."""

    def open(self) -> Self:
        """Those that are still to happen."""
        return self.filter(status__in=["queued", "running"])

    def under_way(self, dimension_id: int) -> Self:
        """Those that the worker is at, in or into this dimension."""
        here = Q(node__dimension_id=dimension_id) | Q(parent__dimension_id=dimension_id)
        return self.filter(here, status="running")

    def visible_to(self, user: Any) -> Self:
        """Those of nodes that stand in a dimension which `user` maintains."""
        scope = scope_of(user)
        return self if scope.everything else self.filter(node__dimension_id__in=scope.maintained)


class RestructuringManager(models.Manager.from_queryset(RestructuringQuerySet)):  # type: ignore[misc]
    """The manager of Restructuring."""


class RestructuringBatchQuerySet(models.QuerySet[Any]):
    """Several large changes that were asked for together."""

    def visible_to(self, user: Any) -> Self:
        """Those of dimensions that `user` maintains."""
        scope = scope_of(user)
        return self if scope.everything else self.filter(dimension_id__in=scope.maintained)


class RestructuringBatchManager(models.Manager.from_queryset(RestructuringBatchQuerySet)):  # type: ignore[misc]
    """The manager of RestructuringBatch."""
