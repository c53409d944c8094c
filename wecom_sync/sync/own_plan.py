"""What differs on the internal side: departments, staff, and the visible ranges that rules give.

Few thousand rows, compared here. No login with rights is ever switched off, or linked by it: whether an administrator
or holder who is back is he, and a login of the same name that is here already, wait for a person (SECURITY T71).
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from django.db.models.functions import Lower

from accounts.models import DepartmentMembership, User
from orgs.models import NodeGroupGrant, NodeUserGrant, NodeVisibleStaff
from wecom_sync.models import (
    Connection,
    OwnDepartment,
    OwnPerson,
    PlanItem,
    PulledPerson,
    PulledPlace,
    PulledRule,
    RemotePlace,
    Run,
)  # fmt: skip
from wecom_sync.sync.own_pull import OWN_ROOT

Stage = PlanItem.Stage
COMING = (Stage.DEPARTMENT_ADD, Stage.STAFF_ADD)
SAME_LOGIN: Final = "same_login"
BACK: Final = "privileged_back"
UNLINKED: Final = "unlinked"
# Hints that an administrator answers with a link (services.own_links).
LOGIN_HINTS: Final = (SAME_LOGIN, BACK, UNLINKED)
Pair = tuple[str, int, str]
"""A holder, a chain, and the key of a place in it."""


def items(run: Run) -> list[PlanItem]:
    """Items of a full run; none where the connection asks for nothing of this."""
    found: list[PlanItem] = []
    if run.only_corps:
        return found
    if run.connection.sync_staff:
        found += [*_departments(run), *_staff(run)]
    if run.connection.sync_rules and run.rules_read:
        coming = {one.key for one in found if one.stage in COMING or one.after.get("gone") is False}
        found += _ranges(run, coming)
    return found


def _departments(run: Run) -> Iterator[PlanItem]:
    rows = OwnDepartment.objects.filter(connection=run.connection).select_related("department")
    known = {f"o:{row.number}": row.department for row in rows}
    by_id = {row.pk: key for key, row in known.items()}
    for one in PulledPlace.objects.filter(run=run, chain=None).order_by("depth", "key"):
        here = known.get(one.key)
        if here is None:
            yield _item(run, Stage.DEPARTMENT_ADD, one.key, one.name, after={"parent": one.parent})
            continue
        above = by_id.get(here.parent_id or 0, OWN_ROOT)
        was, will = {"name": here.name, "parent": above}, {"name": one.name, "parent": one.parent}
        changed = [key for key in will if was[key] != will[key]]
        if changed:
            yield _item(
                run, Stage.DEPARTMENT_CHANGE, one.key, one.name,
                {key: was[key] for key in changed}, {key: will[key] for key in changed},
            )  # fmt: skip


def _staff(run: Run) -> Iterator[PlanItem]:
    rows = OwnPerson.objects.filter(connection=run.connection).select_related("user")
    known = {row.member_id: row for row in rows}
    pulled = PulledPerson.objects.filter(run=run, corp_id=run.connection.corp_id, active=True)
    people = {one.user_id: one for one in pulled.order_by("user_id")}
    taken, stand = _taken(people.keys() - known.keys()), _standing(run.connection)
    for user_id, one in people.items():
        row = known.get(user_id)
        if row is None:
            yield _new(run, one, taken.get(user_id.lower()))
        elif row.unlinked_at or (row.gone_at and row.user.privileged):
            hint = UNLINKED if row.unlinked_at else BACK
            yield _notice(run, one.user_id, one.name, row.user_id, hint)
        else:
            yield from _changed(run, one, row, stand.get(row.user_id, []))
    if run.staff_read:
        elsewhere = _elsewhere(run.connection)
        for user_id in sorted(known.keys() - people.keys()):
            yield from _left(run, known[user_id], elsewhere)


def _taken(user_ids: Collection[str]) -> dict[str, int]:
    """Logins that are called like these, in lower case."""
    lower = [one.lower() for one in user_ids]
    rows = User.objects.annotate(lower=Lower("username")).filter(lower__in=lower)
    return dict(rows.values_list("lower", "pk"))


def _standing(connection: Connection) -> dict[int, list[str]]:
    """Where the people of the corp stand, as keys; departments by hand have none."""
    own = OwnDepartment.objects.filter(connection=connection)
    keys = {pk: f"o:{number}" for pk, number in own.values_list("department_id", "number")}
    if connection.staff_under_id:
        keys[connection.staff_under_id] = OWN_ROOT
    found: dict[int, list[str]] = {}
    rows = DepartmentMembership.objects.filter(
        user__wecom_people__connection=connection, department__in=keys
    )
    for user, pk in rows.values_list("user_id", "department_id"):
        found.setdefault(user, []).append(keys[pk])
    return found


def _new(run: Run, one: PulledPerson, same: int | None) -> PlanItem:
    key = f"u:{one.user_id}"
    if same is None:
        return _item(run, Stage.STAFF_ADD, key, one.name, after={"places": one.places})
    return _notice(run, one.user_id, one.name, same, SAME_LOGIN)


def _notice(run: Run, user_id: str, name: str, login: int, message: str) -> PlanItem:
    return _item(run, Stage.NOTICE, f"u:{user_id}", name, after={"user": login}, message=message)


def _changed(run: Run, one: PulledPerson, row: OwnPerson, places: list[str]) -> Iterator[PlanItem]:
    wanted = [key for key in one.places if key != OWN_ROOT or run.connection.staff_under_id]
    was = {"name": row.user.name, "places": sorted(places), "gone": row.gone_at is not None}
    will = {"name": one.name, "places": sorted(wanted), "gone": False}
    changed = [key for key in will if was[key] != will[key]]
    if changed:
        after = {key: will[key] for key in changed}
        yield _item(
            run, Stage.STAFF_CHANGE, f"u:{one.user_id}", one.name,
            {key: was[key] for key in changed}, after | ({"places": one.places} if "places" in after else {}),
        )  # fmt: skip


def _elsewhere(connection: Connection) -> set[int]:
    """Logins that another corp of ours has, too."""
    others = OwnPerson.objects.exclude(connection=connection).filter(gone_at=None)
    return set(others.values_list("user_id", flat=True))


def _left(run: Run, row: OwnPerson, elsewhere: Collection[int]) -> Iterator[PlanItem]:
    """Who has rights keeps his login, but it opens no more by this link: WeCom may give the id to somebody else."""
    user = row.user
    if user.privileged and user.is_active and not row.unlinked_at:
        yield _notice(run, row.member_id, user.name, user.pk, "privileged")
    if row.gone_at is None:
        before: dict[str, object] = {"enabled": user.is_active}
        after: dict[str, object] = {"enabled": False}
        if user.privileged:
            before, after = {}, {"unlinked": True}
        elif user.pk in elsewhere:
            before, after = {}, {"detached": True}
        yield _item(run, Stage.STAFF_LEAVE, f"u:{row.member_id}", user.name, before, after)


def _item(
    run: Run, stage: int, key: str, name: str, before: dict[str, object] | None = None,
    after: dict[str, object] | None = None, message: str = "",
) -> PlanItem:  # fmt: skip
    return PlanItem(
        run=run,
        stage=stage,
        key=key[:140],
        name=name[:100],
        before=before or {},
        after=after or {},
        message=message,
    )


# --- visible ranges


def source_of(connection_id: int) -> str:
    """The mark of grants that the rules of a connection give; those by hand have another."""
    return f"wecom:{connection_id}"


def _ranges(run: Run, coming: set[str]) -> Iterator[PlanItem]:
    holders = _holders(run)
    possible = coming | set(holders.values())
    places = set(PulledPlace.objects.filter(run=run).values_list("chain_id", "key"))
    wanted = {
        (holder, rule.chain_id, place)
        for rule in PulledRule.objects.filter(run=run)
        for holder in rule.holders
        for place in rule.places
        if holder in possible and (not place or (rule.chain_id, place) in places)
    }
    given, ours = _given(run, holders)
    for pair in sorted(wanted - given):
        yield _range(run, Stage.RANGE_ADD, pair)
    for pair in sorted(ours - wanted):
        yield _range(run, Stage.RANGE_REMOVE, pair)


def _range(run: Run, stage: int, pair: Pair) -> PlanItem:
    holder, chain, place = pair
    item = _item(run, stage, f"{holder}>{place}", place, after={"holder": holder, "place": place})
    item.chain_id = chain
    return item


def _given(run: Run, holders: dict[tuple[str, int], str]) -> tuple[set[Pair], set[Pair]]:
    """What is there in both directions, whoever gave it; and what the rules of this connection gave in either."""
    places: dict[int, list[tuple[int, str]]] = {}
    rows = RemotePlace.objects.filter(chain__connection=run.connection, gone_at=None)
    for chain, key, node in rows.values_list("chain_id", "key", "node_id"):
        places.setdefault(node, []).append((chain, key))
    for one in run.connection.chains.exclude(target=None):
        places.setdefault(one.target_id or 0, []).append((one.pk, ""))
    granted = {"content_object__in": places, "permission__codename": "view_node"}
    inward = [
        *((node, user, None, mark) for node, user, mark in NodeUserGrant.objects.filter(**granted).values_list(
            "content_object_id", "user_id", "source")),
        *((node, None, group, mark) for node, group, mark in NodeGroupGrant.objects.filter(**granted).values_list(
            "content_object_id", "group_id", "source")),
    ]  # fmt: skip
    staff = NodeVisibleStaff.objects.filter(node__in=places)
    outward = list(staff.values_list("node_id", "user_id", "group_id", "source"))
    mark = source_of(run.connection_id)
    both = set(_pairs(inward, places, holders)) & set(_pairs(outward, places, holders))
    ours = [row for row in [*inward, *outward] if row[3] == mark]
    return both, set(_pairs(ours, places, holders))


def _holders(run: Run) -> dict[tuple[str, int], str]:
    """("user", id) or ("group", id) → the key of the holder in rules."""
    people = OwnPerson.objects.filter(connection=run.connection, gone_at=None, user__is_active=True)
    departments = OwnDepartment.objects.filter(connection=run.connection)
    found = {("user", user): f"u:{key}" for user, key in people.values_list("user_id", "member_id")}
    groups = departments.values_list("department__group", "number")
    found |= {("group", group): f"o:{number}" for group, number in groups}
    if run.connection.staff_under:
        found["group", run.connection.staff_under.group_id] = OWN_ROOT
    return found


def _pairs(
    rows: Iterable[tuple[int, int | None, int | None, str]],
    places: dict[int, list[tuple[int, str]]],
    holders: dict[tuple[str, int], str],
) -> Iterator[Pair]:
    for node, user, group, _source in rows:
        holder = holders.get(("user", user) if user else ("group", group or 0))
        if holder:
            for chain, key in places[node]:
                yield holder, chain, key
