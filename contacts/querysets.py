"""Reads on contacts. `visible_to`, `page_for`, `count_for` and `search_for` are the only ways to rows (VIS-1, T01)."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from contacts import branches
from contacts.permissions import Viewer, viewer_of
from core.fetching import fetch

if TYPE_CHECKING:
    from contacts.models import Contact  # noqa: F401  the type of the rows
    from orgs.models import Node

PAGE_SIZE = 50
COUNT_CAP = 100_000
# How far a page counts what no stored number says: who stands in several ranges, and what filters keep.
SEVERAL_CAP = 50_000
NARROWED_CAP = 10_000


@dataclass(frozen=True, slots=True)
class Filters:
    """Narrowing of a list by columns every viewer may read (T08); values come from forms with fixed choices."""

    account: str = ""  # none, pending, opening, active, disabled, expired
    category_id: int | None = None
    tag_id: int | None = None
    source: str = ""  # orgs.models.Source
    follower_id: int | None = None
    created_from: datetime.date | None = None  # local days, both included
    created_to: datetime.date | None = None
    enabled: bool | None = None
    has_mobile: bool | None = None
    has_email: bool | None = None
    place_id: int | None = None  # stands in this node itself, not below it

    STATES = {
        "none": "c.account = 'none'",
        "pending": "c.account = 'pending'",
        "opening": "c.account = 'opening' AND c.enabled",
        "active": "c.account = 'active' AND c.enabled AND (c.expires_at IS NULL OR c.expires_at > now())",
        "disabled": "c.account IN ('opening', 'active') AND NOT c.enabled",
        "expired": "c.account = 'active' AND c.enabled AND c.expires_at <= now()",
    }

    # A field with a value, and one that is there or not: each adds one condition.
    VALUES = {
        "category_id": "c.category_id = %(category_id)s",
        "tag_id": "c.id IN (SELECT contact_id FROM contacts_contact_tags WHERE tag_id = %(tag_id)s)",
        "source": "c.source = %(source)s",
        "follower_id": "c.follower_id = %(follower_id)s",
        "created_from": "c.created_at >= %(created_from)s",
        "created_to": "c.created_at < %(created_to)s",
        "place_id": "c.id IN (SELECT contact_id FROM contacts_membership WHERE node_id = %(place_id)s)",
    }
    SWITCHES = {
        "enabled": "c.enabled",
        "has_mobile": "c.mobile <> ''",
        "has_email": "c.email <> ''",
    }

    def cut(self, **values: Any) -> branches.Cut:
        """The same as SQL conditions; an unknown account state matches nothing."""
        conditions = [self.STATES.get(self.account, "false")] if self.account else []
        parameters: dict[str, Any] = {}
        for name, condition in self.VALUES.items():
            value = getattr(self, name)
            if value not in (None, ""):
                conditions.append(condition)
                parameters[name] = _moment(name, value)
        for name, condition in self.SWITCHES.items():
            wanted = getattr(self, name)
            if wanted is not None:
                conditions.append(condition if wanted else f"NOT ({condition})")
        return branches.Cut(conditions=conditions, parameters=parameters, **values)

    def as_json(self) -> dict[str, Any]:
        """What is set, as a job keeps it."""
        kept = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: value.isoformat() if isinstance(value, datetime.date) else value
            for name, value in kept.items()
            if value not in (None, "")
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The filters that as_json() gave."""
        days = {
            name: datetime.date.fromisoformat(kept[name])
            for name in ("created_from", "created_to")
            if name in kept
        }
        return cls(**{**kept, **days})


def _moment(name: str, value: Any) -> Any:
    """The first moment of a day, and the one after its last."""
    if not isinstance(value, datetime.date):
        return value
    day = value + datetime.timedelta(days=name == "created_to")
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


@dataclass(frozen=True, slots=True)
class Page:
    """Ids of one page in display order, and the keyset positions around it (sort_key, id) where there is more."""

    ids: list[int]
    next: tuple[str, int] | None = None
    previous: tuple[str, int] | None = None


class ContactQuerySet(models.QuerySet["Contact"]):
    """Chainable reads."""

    def alive(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def binned(self) -> Self:
        return self.filter(deleted_at__isnull=False)

    def visible_to(self, user: Any) -> Self:
        """Contacts that `user` (a person, a viewer or the system) sees; for single objects, selections and exports."""
        viewer = viewer_of(user)
        rows = self.alive()
        if viewer.everything:
            return rows
        if viewer.identity_id is not None:
            return rows.filter(pk=viewer.identity_id)
        if viewer.nothing:
            return rows.none()
        return rows.filter(_maintained(viewer) | (Q(live=True) & _reaches(viewer)))

    def maintained_by(self, user: Any) -> Self:
        """Contacts one of whose memberships lies in a dimension that `user` maintains; deleted ones too."""
        viewer = viewer_of(user)
        if viewer.everything:
            return self.all()
        node_ids = apps.get_model("contacts", "Membership")._default_manager.filter(
            contact_id=OuterRef("pk"), node__dimension_id__in=viewer.scope.maintained
        )
        return self.filter(Exists(node_ids)) if viewer.scope.maintained else self.none()

    def main_maintained_by(self, user: Any) -> Self:
        """Contacts whose main dimension `user` maintains (moving, disabling, deleting, accounts)."""
        viewer = viewer_of(user)
        return (
            self.all()
            if viewer.everything
            else self.filter(main_node__dimension_id__in=viewer.scope.maintained)
        )

    def editable_by(self, user: Any) -> Self:
        """Visible contacts whose 基本信息 `user` may edit (creator, follower, edit share, maintainer)."""
        viewer = viewer_of(user)
        if viewer.read_only:
            return self.none()
        rows = self.visible_to(viewer)
        if viewer.everything:
            return rows
        own = Q(created_by_id=viewer.user_id) | Q(follower_id=viewer.user_id)
        return rows.filter(
            _maintained(viewer) | (Q(live=True) & (own | _shares(viewer, codename="edit_contact")))
        )


def _maintained(viewer: Viewer) -> Q:
    return Q(Exists(_scope(viewer.scope.maintained))) if viewer.scope.maintained else Q(pk__in=[])


def _scope(node_ids: tuple[int, ...], **more: Any) -> "models.QuerySet[Any]":
    table = apps.get_model("contacts", "ContactScope")._default_manager
    return table.filter(contact_id=OuterRef("pk"), node_id__in=node_ids, **more)


def _shares(viewer: Viewer, **codename: str) -> Q:
    only = {f"permission__{name}": value for name, value in codename.items()}
    by_user = apps.get_model("contacts", "ContactUserGrant")._default_manager.filter(
        content_object_id=OuterRef("pk"), user_id=viewer.user_id, **only
    )
    by_group = apps.get_model("contacts", "ContactGroupGrant")._default_manager.filter(
        content_object_id=OuterRef("pk"), group_id__in=viewer.groups, **only
    )
    return Q(Exists(by_user)) | Q(Exists(by_group))


def _reaches(viewer: Viewer) -> Q:
    own = Q(created_by_id=viewer.user_id) | Q(follower_id=viewer.user_id) | _shares(viewer)
    if viewer.within is not None:
        own &= Q(Exists(_scope(viewer.within, live=True)))
    return own | Q(Exists(_scope(viewer.scope.ranges, live=True))) if viewer.scope.ranges else own


class ContactManager(models.Manager.from_queryset(ContactQuerySet)):  # type: ignore[misc]  # dynamic base class
    """The queryset's reads, and pages whose cost does not depend on how much is visible."""

    def page_for(
        self,
        viewer: Viewer,
        *,
        node: "Node | None" = None,
        filters: Filters | None = None,
        after: tuple[str, int] | None = None,
        before: tuple[str, int] | None = None,
        size: int = PAGE_SIZE,
        descending: bool = False,
    ) -> Page:
        """One page of visible contacts ordered by pinyin, at or below `node` if given; one query."""
        down = bool(before) != descending
        ends = (before, after) if descending else (after, before)
        cut = (filters or Filters()).cut(
            after=ends[0], before=ends[1], limit=size + 1, descending=down
        )
        sql, parameters = branches.union(viewer, cut, node)
        if not sql:
            return Page([])
        way = "DESC" if down else "ASC"
        rows = fetch(
            f"SELECT sort_key, contact_id FROM ({sql}) AS hits"
            f" ORDER BY sort_key {way}, contact_id {way} LIMIT {int(size) + 1}",
            parameters,
        )
        more, rows = len(rows) > size, rows[:size]
        if before:
            rows.reverse()
        if not rows:
            return Page([])
        first, last = rows[0], rows[-1]
        return Page(
            [row[1] for row in rows],
            next=last if (more or before) else None,
            previous=first if ((before and more) or after) else None,
        )

    def count_for(
        self,
        viewer: Viewer,
        *,
        node: "Node | None" = None,
        filters: Filters | None = None,
        cap: int = COUNT_CAP,
    ) -> int:
        """How many `viewer` sees, at or below `node` if given; cap + 1 means "more than cap". One query."""
        sql, parameters = branches.counted(viewer, (filters or Filters()).cut(), node)
        return int(fetch(sql, parameters | {"cap": cap + 1})[0][0]) if sql else 0

    @staticmethod
    def page_cap(
        viewer: Viewer, *, node: "Node | None" = None, filters: Filters | None = None
    ) -> int:
        """How far a page counts: to COUNT_CAP where the number is read, less far where people are looked at."""
        if filters is not None and filters.as_json():
            return NARROWED_CAP
        return SEVERAL_CAP if branches.several(viewer, node) else COUNT_CAP


def kept_by(filters: Filters, ids: Sequence[int]) -> list[int]:
    """Those of `ids`, which came through the rule, that the filters keep; in their order. One query."""
    cut = filters.cut()
    if not (cut.conditions and ids):
        return list(ids)
    where = " AND ".join(cut.conditions)
    rows = fetch(
        f"SELECT c.id FROM contacts_contact c WHERE c.id = ANY(%(ids)s::bigint[]) AND {where}",
        cut.parameters | {"ids": list(ids)},
    )
    kept = {row[0] for row in rows}
    return [pk for pk in ids if pk in kept]
