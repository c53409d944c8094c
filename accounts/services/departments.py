"""Internal departments and their members; groups closed over the departments below (SPEC ACC-6, ORG-9)."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts import names, permissions
from accounts.models import Department, DepartmentMembership, User
from core import audit
from core.actors import Actor, SystemActor
from core.errors import Conflict, Invalid
from core.kept import refuse_kept

# One writer of departments and members at a time: two closures computed side by side would each miss the other's
# rows. Transaction-level advisory lock.
LOCK = 72_010

_ABOVE = """
WITH RECURSIVE above(id) AS (
  SELECT id FROM accounts_department WHERE id = ANY(%s)
  UNION SELECT d.parent_id FROM accounts_department d JOIN above a ON d.id = a.id WHERE d.parent_id IS NOT NULL
) SELECT id FROM above"""

_WANTED = """
WITH RECURSIVE below(top, id) AS (
  SELECT id, id FROM accounts_department WHERE id = ANY(%s)
  UNION SELECT b.top, d.id FROM accounts_department d JOIN below b ON d.parent_id = b.id
), wanted AS (
  SELECT DISTINCT t.group_id, m.user_id
  FROM below b
  JOIN accounts_department t ON t.id = b.top
  JOIN accounts_departmentmembership m ON m.department_id = b.id
)"""

_DELETE = (  # the pieces are constants of this module
    _WANTED  # noqa: S608
    + """
DELETE FROM accounts_user_groups g
USING accounts_department d
WHERE d.group_id = g.group_id AND d.id = ANY(%s)
  AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.group_id = g.group_id AND w.user_id = g.user_id)"""
)

_INSERT = (
    _WANTED
    + """
INSERT INTO accounts_user_groups (user_id, group_id)
SELECT user_id, group_id FROM wanted
ON CONFLICT DO NOTHING"""
)


def lock() -> None:
    """Waits until this transaction is the only one that writes departments."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def above(department_ids: Iterable[int]) -> list[int]:
    """These departments and all above them."""
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE, [list(department_ids)])
        return [row[0] for row in cursor.fetchall()]


def sync_groups(department_ids: Iterable[int]) -> None:
    """Makes the groups of these departments and of all above hold exactly the members of the departments and of all
    below them. Set-based; call it under `lock()` in the transaction of the change.
    """
    ids = above(department_ids)
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, [ids, ids])
        cursor.execute(_INSERT, [ids])


def _refuse_kept(department: Department, by: Actor) -> None:
    """Name, place and members of a synchronized department are changed in WeCom."""
    if not isinstance(by, SystemActor):
        refuse_kept(department.kept, "name", "place")


def _saved(department: Department) -> Department:
    try:
        with transaction.atomic():
            department.save()
    except IntegrityError as error:
        raise Invalid(_("There is a department of this name here already"), field="name") from error
    return department


@transaction.atomic
def create(*, by: Actor, name: str, parent: Department | None = None, order: int = 0) -> Department:
    """A new internal department. Administrators only (Denied); Invalid(field="name") when the name is taken there."""
    permissions.require_admin(by)
    lock()
    group = Group.objects.create(name=f"department:{name[:60]}:{_next_number()}")
    columns = names.columns(name, surname=False)
    department = _saved(Department(parent=parent, name=name, order=order, group=group, **columns))
    # The name of a group is unique and shown nowhere; the id makes it stable.
    Group.objects.filter(pk=group.pk).update(name=f"department:{department.pk}")
    after = {"name": name, "parent": parent.name if parent else ""}
    audit.record(action="staff_department.create", obj=department, by=by, after=after)
    return department


def _next_number() -> int:
    newest = Group.objects.order_by("-pk").values_list("pk", flat=True).first()
    return (newest or 0) + 1


@transaction.atomic
def rename(*, department: Department, name: str, by: Actor) -> Department:
    """Another name. Administrators only (Denied); Invalid(field="name") when it is taken there."""
    permissions.require_admin(by)
    lock()
    department = Department.objects.select_for_update().get(pk=department.pk)
    _refuse_kept(department, by)
    before = department.name
    department.name = name
    for column, value in names.columns(name, surname=False).items():
        setattr(department, column, value)
    _saved(department)
    audit.record(
        action="staff_department.rename",
        obj=department,
        by=by,
        before={"name": before},
        after={"name": name},
    )
    return department


@transaction.atomic
def move(
    *, department: Department, parent: Department | None, by: Actor, order: int | None = None
) -> Department:
    """Puts a department with all below it under `parent` (None: to the top). Administrators only (Denied).

    Raises Conflict for a move into itself or below itself, Invalid when the name is taken there.
    """
    permissions.require_admin(by)
    lock()
    department = Department.objects.select_for_update().get(pk=department.pk)
    _refuse_kept(department, by)
    if parent is not None and department.pk in above([parent.pk]):
        raise Conflict(_("A department cannot be moved into itself or into one below it"))
    old = department.parent
    old_above = above([old.pk]) if old else []
    department.parent = parent
    if order is not None:
        department.order = order
    _saved(department)
    sync_groups([*old_above, department.pk])
    audit.record(
        action="staff_department.move", obj=department, by=by,
        before={"parent": old.name if old else ""}, after={"parent": parent.name if parent else ""},
    )  # fmt: skip
    return department


@transaction.atomic
def delete(*, department: Department, by: Actor) -> None:
    """Deletes an empty department. Administrators only (Denied); Conflict while anything is in it or points at it."""
    permissions.require_admin(by)
    lock()
    department = (
        Department.objects.select_for_update().select_related("group").get(pk=department.pk)
    )
    _refuse_kept(department, by)
    if department.children.exists():
        raise Conflict(_("The department still has departments below it"))
    if department.memberships.exists():
        raise Conflict(_("The department still has members"))
    audit.record(
        action="staff_department.delete", obj=department, by=by, before={"name": department.name}
    )
    group = department.group
    department.delete()
    # Rights given to the department go with it (direct foreign keys, SECURITY T24).
    group.delete()


@transaction.atomic
def add_member(
    *, department: Department, user: User, by: Actor, is_main: bool | None = None
) -> DepartmentMembership:
    """Puts a staff member into a department; his first one is his main one. Administrators only (Denied)."""
    permissions.require_admin(by)
    lock()
    if user.is_external:
        raise Conflict(_("External people belong to no internal department"))
    own = set(
        DepartmentMembership.objects.filter(user=user).values_list("department_id", flat=True)
    )
    if department.pk not in own:
        _refuse_kept(department, by)
    first = not own
    main = first if is_main is None else is_main
    if main:
        DepartmentMembership.objects.filter(user=user).exclude(department=department).update(
            is_main=False
        )
    row, created = DepartmentMembership.objects.get_or_create(
        department=department, user=user, defaults={"is_main": main}
    )
    if created:
        sync_groups([department.pk])
        audit.record(
            action="staff_department.member.add",
            obj=department,
            by=by,
            after={"member": user.actor_label},
        )
    elif is_main is not None and row.is_main != is_main:
        row.is_main = is_main
        row.save(update_fields=["is_main"])
    return row


@transaction.atomic
def remove_member(*, department: Department, user: User, by: Actor) -> bool:
    """Takes a person out of a department; False when he was not in it. Administrators only (Denied)."""
    permissions.require_admin(by)
    lock()
    _refuse_kept(department, by)
    gone = DepartmentMembership.objects.filter(department=department, user=user).delete()[0]
    if gone:
        _ensure_main(user)
        sync_groups([department.pk])
        audit.record(
            action="staff_department.member.remove",
            obj=department,
            by=by,
            before={"member": user.actor_label},
        )
    return bool(gone)


@transaction.atomic
def add_members(*, department: Department, user_ids: Sequence[int], by: Actor) -> Department:
    """Puts these staff members into a department, all or none (Conflict). Administrators only (Denied)."""
    permissions.require_admin(by)
    lock()
    users = list(User.objects.staff().filter(pk__in=user_ids).order_by("pk"))
    if len(users) != len(set(user_ids)):
        raise Conflict(_("One of the chosen people is no longer there; please choose again"))
    for user in users:
        add_member(department=department, user=user, by=by)
    return department


def _ensure_main(user: User) -> None:
    rows = DepartmentMembership.objects.filter(user=user)
    first = rows.order_by("-is_main", "pk").first()
    if first is not None and not first.is_main:
        first.is_main = True
        first.save(update_fields=["is_main"])


@transaction.atomic
def set_departments(*, user: User, department_ids: Sequence[int], by: Actor) -> User:
    """Makes exactly these the departments of a staff member, the first one his main one. Administrators only."""
    permissions.require_admin(by)
    lock()
    wanted = {
        department.pk: department for department in Department.objects.filter(pk__in=department_ids)
    }
    if len(wanted) != len(set(department_ids)):
        raise Conflict(_("One of the chosen departments is no longer there; please choose again"))
    present = {
        row.department_id: row.department
        for row in user.department_memberships.select_related("department")
    }
    for pk in present.keys() - wanted.keys():
        remove_member(department=present[pk], user=user, by=by)
    for position, pk in enumerate(dict.fromkeys(department_ids)):
        add_member(department=wanted[pk], user=user, by=by, is_main=position == 0)
    return user
