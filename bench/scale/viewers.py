"""Who looks: five kinds of staff as in the measurement, a maintainer, an administrator; and all other grants."""

from __future__ import annotations

import random
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from bench.scale import rows, staff
from bench.scale.places import Place, Places
from contacts.models import Contact, ContactUserGrant
from orgs.models import Node, NodeGroupGrant, NodeUserGrant

KINDS = ("leaf5", "typical", "u50", "u500", "dim", "maintainer", "administrator")


class Grants:
    """Collects (holder, node) and writes them at once."""

    def __init__(self) -> None:
        self.users: set[tuple[int, int, str]] = set()
        self.groups: set[tuple[int, int, str]] = set()

    def __len__(self) -> int:
        return len(self.users) + len(self.groups)

    def write(self) -> None:
        permission = dict(Permission.objects.values_list("codename", "pk"))
        for table, holder, found in (
            (NodeUserGrant, "user_id", self.users), (NodeGroupGrant, "group_id", self.groups),
        ):  # fmt: skip
            common = rows.defaults(table)
            rows.copy_rows(table, (
                common | {holder: who, "content_object_id": node, "permission_id": permission[codename]}
                for who, node, codename in sorted(found)
            ))  # fmt: skip


def write(
    *, places: Places, group_ids: list[int], staff_ids: list[int], grants: int
) -> dict[str, int]:
    """Kind → id of the person; every grant of the company is written."""
    rng = random.Random(14)
    people = {kind: _person(kind) for kind in KINDS}
    departments = len(group_ids)
    staff.join([(pk, departments - 1) for kind, pk in people.items() if kind == "typical"])
    found = Grants()
    organizations, leaves = _pick(places, rng)
    chain = group_ids[-3:]
    for number, node in enumerate(organizations.take(14) + leaves.take(6)):
        found.groups.add((chain[(0, 1, 1, 2, 2)[number % 5]], node, "view_node"))
    direct = {
        "leaf5": leaves.take(5), "u50": organizations.take(35) + leaves.take(15),
        "u500": organizations.take(420) + leaves.take(64) + places.dimensions[12:13] + _nested(places, 15),
        "dim": places.dimensions[:1],
    }  # fmt: skip
    for kind, nodes in direct.items():
        found.users |= {(people[kind], node, "view_node") for node in nodes}
    found.users |= {
        (people["maintainer"], node, "maintain_node") for node in places.dimensions[1:3]
    }
    everywhere = [place.id for nodes in places.by_dimension.values() for place in nodes]
    while len(found) < grants:
        node = rng.choice(everywhere)
        if rng.random() < 0.6:
            found.groups.add((rng.choice(group_ids[:-3]), node, "view_node"))
        else:
            found.users.add((rng.choice(staff_ids), node, "view_node"))
    found.write()
    _personal(people["typical"], rng)
    return people


class _Nodes:
    """Nodes in a random order, each given once."""

    def __init__(self, ids: list[int], rng: random.Random) -> None:
        self.ids = rng.sample(ids, len(ids))

    def take(self, count: int) -> list[int]:
        taken, self.ids = self.ids[:count], self.ids[count:]
        return taken


def _pick(places: Places, rng: random.Random) -> tuple[_Nodes, _Nodes]:
    """Organizations, and departments without anything below them, outside the dimensions granted whole."""
    nodes = [
        place
        for dimension_id in places.dimensions[3:]
        for place in places.by_dimension.get(dimension_id, [])
        if place.live
    ]
    above = {int(part) for place in nodes for part in place.path.split(".")[:-2]}
    leaves = [
        place.id for place in nodes if place.kind == Node.Kind.DEPARTMENT and place.id not in above
    ]
    return _Nodes(
        [place.id for place in nodes if place.kind == Node.Kind.ORGANIZATION], rng
    ), _Nodes(leaves, rng)


def _nested(places: Places, count: int) -> list[int]:
    """Nodes that lie below a dimension which is granted whole: the rule drops them."""
    inside: list[Place] = places.by_dimension[places.dimensions[12]]
    return [place.id for place in inside[:count]]


def _person(kind: str) -> int:
    """A new member of staff. The measured ones have no password."""
    user = get_user_model()(
        username=f"bench-{kind}",
        kind="staff",
        is_superuser=kind == "administrator",
        **staff.named(f"测量{kind}"),
    )
    user.set_unusable_password()
    user.save()
    return int(user.pk)


def _personal(user_id: int, rng: random.Random) -> None:
    """What reaches the typical person without a range: 10 created, 10 followed, 5 shared."""
    ids = rng.sample(range(1, Contact.objects.count() + 1), 25)
    Contact.objects.filter(pk__in=ids[:10]).update(created_by_id=user_id)
    Contact.objects.filter(pk__in=ids[10:20]).update(follower_id=user_id)
    common: dict[str, Any] = rows.defaults(ContactUserGrant)
    view = Permission.objects.get(codename="view_contact").pk
    rows.copy_rows(ContactUserGrant, (
        common | {"user_id": user_id, "content_object_id": pk, "permission_id": view} for pk in ids[20:]
    ))  # fmt: skip
