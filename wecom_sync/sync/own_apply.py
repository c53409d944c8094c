"""Items of a plan on the internal side. Each function returns the items it had to pass over."""

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Q
from django.utils import timezone

from accounts.models import Department, DepartmentMembership, User
from accounts.services import access, departments
from accounts.services import synced as staff
from orgs.models import Node, NodeUserGrant, NodeVisibleStaff
from orgs.services import synced
from wecom_sync.models import Connection, OwnDepartment, OwnPerson, PlanItem
from wecom_sync.sync.own_plan import source_of
from wecom_sync.sync.own_pull import OWN_ROOT
from wecom_sync.sync.world import ACTOR, World

KEPT = "name place"


def add_departments(world: World, items: Sequence[PlanItem]) -> list[int]:
    """New internal departments, parents first."""
    connection, skipped = world.run.connection, []
    known = _departments(connection)
    for one in items:
        if one.key in known:
            continue
        if one.after["parent"] not in known and one.after["parent"] != OWN_ROOT:
            skipped.append(one.pk)
            continue
        parent = known.get(one.after["parent"], connection.staff_under)
        made = departments.create(by=ACTOR, name=one.name, parent=parent)
        Department.objects.filter(pk=made.pk).update(kept=KEPT)
        OwnDepartment.objects.create(
            connection=connection, number=int(one.key[2:]), department=made
        )
        known[one.key] = made
    return skipped


def _departments(connection: Connection) -> dict[str, Department]:
    rows = OwnDepartment.objects.filter(connection=connection).select_related("department")
    return {f"o:{row.number}": row.department for row in rows}


def change_departments(world: World, items: Sequence[PlanItem]) -> list[int]:
    """Renames and moves."""
    connection, skipped = world.run.connection, []
    known = _departments(connection)
    for one in items:
        here = known.get(one.key)
        if here is None:
            skipped.append(one.pk)
            continue
        if "parent" in one.after:
            parent = known.get(one.after["parent"], connection.staff_under)
            departments.move(department=here, parent=parent, by=ACTOR)
        if "name" in one.after:
            departments.rename(department=here, name=one.after["name"], by=ACTOR)
    return skipped


def add_staff(world: World, items: Sequence[PlanItem]) -> list[int]:
    """New logins without a password: they come in through WeCom, or by a link from an administrator."""
    connection, ids = world.run.connection, _ids(world.run.connection)
    there = set(OwnPerson.objects.filter(connection=connection).values_list("member_id", flat=True))
    new = [one for one in items if one.key[2:] not in there]
    made = staff.create_many(by=ACTOR, kept=KEPT, people=[
        staff.NewStaff(_login_name(one.key[2:]), one.name, _at(ids, one)) for one in new
    ])  # fmt: skip
    OwnPerson.objects.bulk_create(
        OwnPerson(connection=connection, member_id=one.key[2:], user_id=pk)
        for one, pk in zip(new, made, strict=True)
    )
    return []


def _login_name(user_id: str) -> str:
    """Ids of WeCom may be shorter than a login name."""
    return user_id if len(user_id) >= 3 else f"wecom.{user_id}"


def _ids(connection: Connection) -> dict[str, int]:
    """Key → internal department; the root is the one that stands for the corp."""
    rows = OwnDepartment.objects.filter(connection=connection)
    found = {f"o:{number}": pk for number, pk in rows.values_list("number", "department_id")}
    return found | ({OWN_ROOT: connection.staff_under_id} if connection.staff_under_id else {})


def _at(ids: Mapping[str, int], item: PlanItem) -> list[int]:
    return list(dict.fromkeys(ids[key] for key in item.after["places"] if key in ids))


def change_staff(world: World, items: Sequence[PlanItem]) -> list[int]:
    """Names, departments, and those who came back. Departments by hand stay."""
    rows, ids = _people(world, items), _ids(world.run.connection)
    known = [one for one in items if one.key in rows]
    by_hand = _by_hand([rows[one.key].user_id for one in known], set(ids.values()))
    staff.change_many(by=ACTOR, wanted=[
        staff.Wanted(
            rows[one.key].user_id, one.after.get("name"),
            [*_at(ids, one), *by_hand.get(rows[one.key].user_id, [])] if "places" in one.after else None,
        )
        for one in known
    ])  # fmt: skip
    _back([rows[one.key] for one in known if "gone" in one.after])
    return [one.pk for one in items if one.key not in rows]


def _back(rows: Sequence[OwnPerson]) -> None:
    """Whoever a run disabled, of this corp or of another that had him, too, is enabled again."""
    off = OwnPerson.objects.filter(user__in=[row.user_id for row in rows], put_off=True)
    for user in User.objects.filter(pk__in=off.values("user")).order_by("pk"):
        access.enable(user=user, by=ACTOR)
    off.update(put_off=False)
    OwnPerson.objects.filter(pk__in=[row.pk for row in rows]).update(gone_at=None)


def _by_hand(user_ids: Sequence[int], own: set[int]) -> dict[int, list[int]]:
    """Person → departments that the synchronization knows nothing of, the main one first."""
    found: dict[int, list[int]] = {}
    rows = DepartmentMembership.objects.filter(user__in=user_ids).exclude(department__in=own)
    for user, pk in rows.order_by("-is_main", "pk").values_list("user_id", "department_id"):
        found.setdefault(user, []).append(pk)
    return found


def _people(world: World, items: Sequence[PlanItem]) -> dict[str, OwnPerson]:
    rows = OwnPerson.objects.select_for_update(of=("self",)).select_related("user").filter(
        connection=world.run.connection, member_id__in=[one.key[2:] for one in items]
    )  # fmt: skip
    return {f"u:{row.member_id}": row for row in rows.order_by("pk")}


def leave_staff(world: World, items: Sequence[PlanItem]) -> list[int]:
    """Who left cannot log in any more; what he held is handed over by an administrator.

    Who has rights, or is still there by another corp, loses the link and what came by it, and keeps his login. Where
    that is not so any more the next run finds it anew.
    """
    rows = _people(world, items)
    elsewhere = _elsewhere([row.user_id for row in rows.values()], world.run.connection)
    known = [one for one in items if one.key in rows and _still(one, rows[one.key], elsewhere)]
    stay = [rows[one.key].user_id for one in known if one.after.get("enabled") is not False]
    _out_of_departments(world, stay)
    for one in known:
        row, disable = rows[one.key], one.after.get("enabled") is False
        row.put_off = disable and row.user.is_active
        if disable:
            access.disable(user=row.user, by=ACTOR)
        take_ranges(row)
        row.gone_at = timezone.now()
        row.save(update_fields=["gone_at", "put_off"])
    let_go(stay)
    did = {one.pk for one in known}
    return [one.pk for one in items if one.pk not in did]


def _elsewhere(user_ids: Sequence[int], connection: Connection) -> set[int]:
    """Logins, locked from now on, that another corp of ours has, too."""
    locked = User.objects.select_for_update().filter(pk__in=user_ids).order_by("pk")
    others = OwnPerson.objects.filter(user__in=list(locked), gone_at=None)
    return set(others.exclude(connection=connection).values_list("user_id", flat=True))


def _still(item: PlanItem, row: OwnPerson, elsewhere: Collection[int]) -> bool:
    """Whether what the plan says of a login that is kept, or is not, is still so."""
    if item.after.get("detached"):
        return row.user_id in elsewhere
    return bool(item.after.get("unlinked")) or not row.user.privileged


def let_go(user_ids: Sequence[int]) -> None:
    """Logins that no synchronization keeps any more are changed by hand again."""
    synced_still = OwnPerson.objects.filter(gone_at=None, connection__sync_staff=True).values(
        "user"
    )
    User.objects.filter(pk__in=user_ids).exclude(pk__in=synced_still).update(kept="")


def _out_of_departments(world: World, user_ids: Sequence[int]) -> None:
    """Of this corp; those by hand and those of another corp stay."""
    by_hand = _by_hand(user_ids, set(_ids(world.run.connection).values()))
    staff.change_many(by=ACTOR, wanted=[
        staff.Wanted(pk, department_ids=by_hand.get(pk, [])) for pk in user_ids
    ])  # fmt: skip


# --- visible ranges by rules


def add_ranges(world: World, items: Sequence[PlanItem]) -> list[int]:
    """Both directions: staff see who is there, and are seen from there."""
    return _ranges(world, items, given=True)


def remove_ranges(world: World, items: Sequence[PlanItem]) -> list[int]:
    """What a rule gave and none gives any more; what a person gave stays."""
    return _ranges(world, items, given=False)


def _ranges(world: World, items: Sequence[PlanItem], *, given: bool) -> list[int]:
    world.read([(one.chain_id or 0, one.after["place"]) for one in items])
    mark, skipped = source_of(world.run.connection_id), []
    for one in items:
        node_id = world.nodes.get((one.chain_id or 0, one.after["place"]))
        holder = _holder(world.run.connection, one.after["holder"], given=given)
        if node_id is None or holder is None:
            skipped.append(one.pk)
            continue
        act = synced.give_range if given else synced.take_range
        act(by=ACTOR, node=Node.objects.get(pk=node_id), to=holder, source=mark)
    return skipped


def take_ranges(row: OwnPerson) -> None:
    """What rules gave somebody who is not linked any more: no plan knows him, and nobody takes it away by hand."""
    mark = source_of(row.connection_id)
    seen = NodeUserGrant.objects.filter(user=row.user_id, source=mark).values("content_object")
    shown = NodeVisibleStaff.objects.filter(user=row.user_id, source=mark).values("node")
    for node in Node.objects.filter(Q(pk__in=seen) | Q(pk__in=shown)).order_by("pk"):
        synced.take_range(by=ACTOR, node=node, to=row.user, source=mark)


def _holder(connection: Connection, key: str, *, given: bool) -> User | Department | None:
    if key.startswith("o:"):
        return _departments(connection).get(
            key, connection.staff_under if key == OWN_ROOT else None
        )
    row = (
        OwnPerson.objects.filter(connection=connection, member_id=key[2:])
        .select_related("user")
        .first()
    )
    there = row is not None and row.user.is_active and row.gone_at is None
    return row.user if row is not None and (there or not given) else None
