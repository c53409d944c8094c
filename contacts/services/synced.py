"""People whom a synchronization keeps, many at once (SPEC WEC-2, WEC-3; SECURITY T72).

The same locks, derived rows and audit rows as by hand. Places that were given by hand stay; who was deleted here stays
deleted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts import closure
from contacts.imports.writing import names
from contacts.models import Contact, Membership
from contacts.services import places, shared
from core import audit
from core.actors import Actor
from core.copying import copy_rows, defaults, new_ids
from core.errors import Conflict
from orgs.models import DirectorySettings, Node, Source
from orgs.permissions import require_maintain


@dataclass(frozen=True, slots=True)
class NewPerson:
    """`node_ids`: where he belongs, the main place first."""

    name: str
    node_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be different of a contact; what is None stays. `main` may be one of the places that are added."""

    contact_id: int
    name: str | None = None
    add: Sequence[int] = ()
    remove: Collection[int] = ()
    main: int | None = None
    enabled: bool | None = None


@transaction.atomic
def create_many(*, by: Actor, people: Sequence[NewPerson], kept: str) -> list[int]:
    """Adds contacts and returns their ids in the same order.

    Raises Hidden outside the maintained dimensions, Conflict when a place is gone.
    """
    if not people:
        return []
    nodes = _locked_nodes(by, {pk for one in people for pk in one.node_ids})
    ids = new_ids(Contact, len(people))
    level = DirectorySettings.objects.values_list("default_security_level", flat=True).first() or 0
    fixed = defaults(Contact) | {
        "source": Source.WECOM.value, "security_level": level, "kept": kept,
        "created_at": timezone.now(), "updated_at": timezone.now(),
    }  # fmt: skip
    copy_rows(Contact, (
        fixed | {"id": pk, "main_node_id": one.node_ids[0], **names(one.name)}
        for pk, one in zip(ids, people, strict=True)
    ))  # fmt: skip
    _join([(pk, node_id, at == 0) for pk, one in zip(ids, people, strict=True)
           for at, node_id in enumerate(one.node_ids)])  # fmt: skip
    closure.refresh(ids)
    audit.record_many(
        action="contact.create", model=Contact, by=by,
        changes=[
            audit.Change(
                pk, one.name, dimension_id=nodes[one.node_ids[0]].dimension_id,
                after={"name": one.name, "source": "wecom", "node": [nodes[at].name for at in one.node_ids]},
            )
            for pk, one in zip(ids, people, strict=True)
        ],
    )  # fmt: skip
    return ids


def _locked_nodes(by: Actor, node_ids: Collection[int]) -> dict[int, Node]:
    """The places, which stay where they are until the end of the transaction."""
    closure.lock(node_ids=sorted(node_ids))
    nodes: dict[int, Node] = Node.objects.in_bulk(list(node_ids))
    if len(nodes) != len(set(node_ids)):
        raise Conflict(_("There is no such organization or department."))
    for one in {node.dimension_id: node for node in nodes.values()}.values():
        require_maintain(by=by, node=one)
    return nodes


def _join(rows: Sequence[tuple[int, int, bool]]) -> None:
    copy_rows(Membership, (
        {"contact_id": pk, "node_id": node_id, "is_main": main, "position": "", "order": 0}
        for pk, node_id, main in rows
    ))  # fmt: skip


@transaction.atomic
def change_many(*, by: Actor, wanted: Sequence[Wanted]) -> list[int]:
    """Changes contacts and returns the ids of those that are there; one in the bin is passed over.

    Disabling ends sessions and lets applications lapse as by hand. Raises as `create_many`.
    """
    ids = [one.contact_id for one in wanted]
    found = closure.lock(contact_ids=ids, node_ids=sorted({pk for one in wanted for pk in one.add}))
    alive = {pk: row for pk, row in found.items() if row.deleted_at is None}
    nodes = _locked_nodes(by, {pk for one in wanted for pk in one.add})
    todo = [one for one in wanted if one.contact_id in alive]
    _rename(by, alive, [one for one in todo if one.name is not None])
    _place(by, alive, nodes, [one for one in todo if one.add or one.remove or one.main])
    moved = [alive[one.contact_id] for one in todo if one.add or one.remove or one.main]
    closure.refresh_places([row.pk for row in moved])
    places.end_unusable(by=by, contacts=moved)
    for enabled in (True, False):
        rows = [alive[one.contact_id] for one in todo if one.enabled is enabled]
        if rows:
            places.set_enabled_all(by=by, contacts=rows, enabled=enabled)
    return list(alive)


def _rename(by: Actor, rows: dict[int, Contact], named: Sequence[Wanted]) -> None:
    changed = []
    for one in named:
        row, before = rows[one.contact_id], rows[one.contact_id].name
        if one.name is None or one.name == before:
            continue
        for key, value in names(one.name).items():
            setattr(row, key, value)
        row.reading, row.version, row.updated_at = "", row.version + 1, timezone.now()
        changed.append((row, {"name": before}, {"name": one.name}))
    columns = ["name", "simplified", "sort_key", "initials", "reading", "version", "updated_at"]
    Contact.objects.bulk_update([row for row, *_ in changed], columns, batch_size=500)
    closure.refresh([row.pk for row, *_ in changed])
    _record(by, "contact.edit", changed)


def _place(
    by: Actor, rows: dict[int, Contact], nodes: dict[int, Node], moved: Sequence[Wanted]
) -> None:
    """Further places first, then the main one, then those that are left: nobody is without a place in between."""
    if not moved:
        return
    had = _places([one.contact_id for one in moved])
    _join([
        (one.contact_id, pk, False) for one in moved for pk in one.add if pk not in had[one.contact_id]
    ])  # fmt: skip
    mains = {one.contact_id: one.main for one in moved if one.main is not None}
    mains = {pk: main for pk, main in mains.items() if rows[pk].main_node_id != main}
    own = Membership.objects.filter(contact_id__in=mains)
    own.filter(is_main=True).update(is_main=False)
    with connection.cursor() as cursor:
        for statement in MAIN:
            cursor.execute(statement, [list(mains), list(mains.values())])
        cursor.execute(LEAVE, [
            [one.contact_id for one in moved for _at in one.remove],
            [pk for one in moved for pk in one.remove],
        ])  # fmt: skip
    Contact.objects.filter(pk__in=mains).update(version=F("version") + 1, updated_at=timezone.now())
    has = _places([one.contact_id for one in moved])
    for pk, main in mains.items():
        rows[pk].main_node_id = main
    called = dict(
        Node.objects.filter(pk__in={pk for one in (had, has) for row in one.values() for pk in row})
        .values_list("pk", "name")
    )  # fmt: skip
    _record(by, "contact.move", [
        (rows[pk], {"node": [called[at] for at in had[pk]]}, {"node": [called[at] for at in has[pk]]})
        for pk in had if had[pk] != has[pk]
    ])  # fmt: skip


def _places(ids: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {pk: [] for pk in ids}
    rows = Membership.objects.filter(contact_id__in=ids).order_by("-is_main", "node_id")
    for contact_id, node_id in rows.values_list("contact_id", "node_id"):
        found[contact_id].append(node_id)
    return found


MAIN = (
    "UPDATE contacts_membership m SET is_main = true FROM unnest(%s::bigint[], %s::bigint[]) AS f(contact, node)"
    " WHERE m.contact_id = f.contact AND m.node_id = f.node",
    "UPDATE contacts_contact c SET main_node_id = f.node FROM unnest(%s::bigint[], %s::bigint[]) AS f(contact, node)"
    " WHERE c.id = f.contact",
)
LEAVE = (
    "DELETE FROM contacts_membership m USING unnest(%s::bigint[], %s::bigint[]) AS f(contact, node)"
    " WHERE m.contact_id = f.contact AND m.node_id = f.node AND NOT m.is_main"
)


def _record(
    by: Actor, action: str, changed: Sequence[tuple[Contact, dict[str, Any], dict[str, Any]]]
) -> None:
    if changed:
        shared.record_all(by=by, action=action, changes=changed)
