"""What a change of the tree would do, asked before it is done: who gains and loses sight, what falls silent.

Computed from the rights at both ends of a move and from numbers; the cost does not depend on what stands below
(SPEC ORG-6, ORG-9; SECURITY T21).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from orgs.models import Node
from orgs.selectors import ranges
from orgs.selectors.ranges import MAINTAIN, VIEW, Grant

Key = tuple[str, int]
Held = dict[Key, Grant]


@dataclass(frozen=True, slots=True)
class MoveEffect:
    """What a move changes. `gains` and `loses` are holders of visible ranges, `gained` and `lost` the active staff
    behind them whose sight really changes: whoever sees it anyway (another range, maintenance) is not counted.
    """

    gains: list[Grant] = field(default_factory=list)
    loses: list[Grant] = field(default_factory=list)
    gained: int = 0
    lost: int = 0
    shown: list[Grant] = field(default_factory=list)
    """Visible staff that external people below come to see in the portal, `unshown` those they no longer see."""
    unshown: list[Grant] = field(default_factory=list)
    other_dimension: bool = False
    silent: bool = False
    """The new place is disabled: staff see nothing of it there."""


@dataclass(frozen=True, slots=True)
class _Ends:
    """Ids of the nodes whose rights hold before and after: one list for each place that something leaves."""

    own: frozenset[int]
    before: list[list[int]]
    after: list[int]

    @property
    def ids(self) -> list[int]:
        return list({*self.own, *self.after, *chain.from_iterable(self.before)})


def move_effect(nodes: Sequence[Node], parent: Node) -> MoveEffect:
    """Who gains and who loses sight of `nodes` and everything below when they go under `parent`; six queries at most.

    Rights set on the node itself go along. Of several nodes those are left out, so that some of the named may go on
    seeing the one or the other.
    """
    places = {node.parent_id: node.ancestor_ids[:-1] for node in nodes}
    own = frozenset({nodes[0].pk} if len(nodes) == 1 else ())
    ends = _Ends(own, list(places.values()), parent.ancestor_ids)
    names = dict.fromkeys(ends.ids, "")
    rights = list(ranges.granted(parent, ends.ids, names))
    views = [grant for codename, grant in rights if codename == VIEW]
    maintainers = [grant for codename, grant in rights if codename == MAINTAIN]
    was_live = any(node.live for node in nodes)
    will_be_live = parent.live and any(node.enabled for node in nodes)
    own_held = _held(views, ends.own)
    befores = [_held(views, ids) | own_held for ids in ends.before] if was_live else [{}]
    after = _held(views, ends.after) | own_held if will_be_live else {}
    gains, loses = _difference(befores, after)
    ranges.fill_people([*gains, *loses])
    shown, unshown = _portal(parent, ends, names)
    return MoveEffect(
        gains=gains, loses=loses,
        gained=_gained(befores, after, _on(maintainers, ends.before)) if gains else 0,
        lost=_lost(befores, after, _on(maintainers, [ends.after])) if loses else 0,
        shown=shown, unshown=unshown,
        other_dimension=any(node.dimension_id != parent.dimension_id for node in nodes),
        silent=was_live and not parent.live,
    )  # fmt: skip


def _held(grants: Iterable[Grant], ids: Iterable[int]) -> Held:
    wanted = set(ids)
    return {(grant.kind, grant.id): grant for grant in grants if grant.node_id in wanted}


def _on(grants: Iterable[Grant], places: list[list[int]]) -> list[Grant]:
    return list(_held(grants, chain.from_iterable(places)).values())


def _difference(befores: list[Held], after: Held) -> tuple[list[Grant], list[Grant]]:
    everywhere = set(befores[0]).intersection(*befores[1:])
    gains = [grant for key, grant in after.items() if key not in everywhere]
    loses = {key: grant for held in befores for key, grant in held.items() if key not in after}
    return gains, list(loses.values())


def _portal(parent: Node, ends: _Ends, names: dict[int, str]) -> tuple[list[Grant], list[Grant]]:
    staff = ranges.staff_shown(parent, ends.ids, names)
    own = _held(staff, ends.own)
    befores = [_held(staff, ids) | own for ids in ends.before]
    return _difference(befores, _held(staff, ends.after) | own)


def _gained(befores: list[Held], after: Held, maintainers: list[Grant]) -> int:
    """Active staff who see it afterwards and did not see it at every place before."""
    saw = Q()
    for held in befores:
        saw &= Q(pk__in=_people(held.values()))
    return _ordinary(after.values()).exclude(saw | Q(pk__in=_people(maintainers))).count()


def _lost(befores: list[Held], after: Held, maintainers: list[Grant]) -> int:
    """Active staff who saw it at some place before and do not see it afterwards."""
    saw = [grant for held in befores for grant in held.values()]
    see = Q(pk__in=_people([*after.values(), *maintainers]))
    return _ordinary(saw).exclude(see).count()


def _people(grants: Iterable[Grant]) -> "QuerySet[Any]":
    rows: QuerySet[Any] = User.objects.filter(ranges.among(grants)).values("pk")
    return rows


def _ordinary(grants: Iterable[Grant]) -> "QuerySet[Any]":
    """Active staff with these rights; those who see everything anyway are left out."""
    rows: QuerySet[Any] = User.objects.active().staff().filter(pk__in=_people(grants))
    return rows.filter(is_superuser=False, is_holder=False)


@dataclass(frozen=True, slots=True)
class Below:
    """Organizations and departments that count for staff now: the nodes themselves and everything below them."""

    organizations: int
    departments: int


def live_below(nodes: Sequence[Node]) -> Below:
    """How many nodes fall silent when these are disabled; one query."""
    rows = Node.objects.at_or_below_any(tuple(node.path for node in nodes)).filter(live=True)
    counts = rows.aggregate(
        organizations=Count("pk", filter=Q(kind=Node.Kind.ORGANIZATION)),
        departments=Count("pk", filter=Q(kind=Node.Kind.DEPARTMENT)),
    )
    return Below(**counts)
