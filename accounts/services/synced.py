"""Staff whom a synchronization keeps, many at once (SPEC WEC-7; ACC-6).

The same locks, derived rows and audit rows as by hand (accounts.services.people, departments).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts import names, permissions
from accounts.models import Department, DepartmentMembership, User
from accounts.services import departments
from accounts.services.people import FIELDS
from core import audit
from core.actors import Actor
from core.errors import Conflict, Invalid

BATCH = 500


@dataclass(frozen=True, slots=True)
class NewStaff:
    """`department_ids`: where he belongs, the main one first."""

    username: str
    name: str
    department_ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be different of a member of staff; what is None stays."""

    user_id: int
    name: str | None = None
    department_ids: Sequence[int] | None = None


@transaction.atomic
def create_many(*, by: Actor, people: Sequence[NewStaff], kept: str) -> list[int]:
    """Adds staff without a password and returns their ids in the same order. Administrators only (Denied).

    Raises Invalid for a login name that is malformed or taken, Conflict when a department is gone.
    """
    permissions.require_admin(by)
    departments.lock()
    logins = [names.clean_login_name(one.username) for one in people]
    _require_free(logins)
    users = [
        User(username=login, name=one.name, kind=User.Kind.STAFF, kept=kept, **names.columns(one.name))
        for login, one in zip(logins, people, strict=True)
    ]  # fmt: skip
    for user in users:
        user.set_unusable_password()
    try:
        with transaction.atomic():
            User.objects.bulk_create(users, batch_size=BATCH)
    except IntegrityError as error:
        raise Invalid(_("This login name is taken"), field="username") from error
    audit.record_many(action="staff.create", model=User, by=by, changes=[
        audit.Change(user.pk, str(user), after={field: getattr(user, field) for field in FIELDS}) for user in users
    ])  # fmt: skip
    where = {user.pk: one.department_ids for user, one in zip(users, people, strict=True)}
    _place(by, {user.pk: user for user in users}, where)
    return [user.pk for user in users]


def _require_free(logins: Sequence[str]) -> None:
    lower = {login.lower() for login in logins}
    taken = User.objects.annotate(lower=Lower("username")).filter(lower__in=lower)
    if len(lower) < len(logins) or taken.exists():
        raise Invalid(_("This login name is taken"), field="username")


@transaction.atomic
def change_many(*, by: Actor, wanted: Sequence[Wanted]) -> None:
    """Changes names and departments of staff. Administrators only (Denied).

    Raises Conflict when a department is gone.
    """
    permissions.require_admin(by)
    if any(one.department_ids is not None for one in wanted):
        departments.lock()
    ids = [one.user_id for one in wanted]
    rows = User.objects.staff().select_for_update().filter(pk__in=ids).order_by("pk")
    users = {row.pk: row for row in rows}
    _rename(by, users, {one.user_id: one.name for one in wanted if one.name is not None})
    where = {one.user_id: one.department_ids for one in wanted if one.department_ids is not None}
    _place(by, users, {pk: ids for pk, ids in where.items() if pk in users})


def _rename(by: Actor, users: Mapping[int, User], wanted: Mapping[int, str]) -> None:
    changed = []
    for pk, name in wanted.items():
        user = users.get(pk)
        if user is None or user.name == name:
            continue
        changed.append(audit.Change(pk, str(user), {"name": user.name}, {"name": name}))
        user.name = name
        for column, value in names.columns(name).items():
            setattr(user, column, value)
    renamed = [users[int(one.object_id)] for one in changed]
    columns = ["name", "simplified", "sort_key", "initials"]
    User.objects.bulk_update(renamed, columns, batch_size=BATCH)
    audit.record_many(action="staff.update", model=User, by=by, changes=changed)


def _place(by: Actor, users: Mapping[int, User], where: Mapping[int, Sequence[int]]) -> None:
    """Exactly these are the departments of each, the first one his main one."""
    wanted = {(pk, user) for user, ids in where.items() for pk in ids}
    rows = DepartmentMembership.objects.filter(user__in=where)
    had = set(rows.values_list("department_id", "user_id"))
    called = _names({pk for pk, _user in wanted | had})
    if not {pk for pk, _user in wanted} <= called.keys():
        raise Conflict(_("One of the chosen departments is no longer there; please choose again"))
    gone = [row.pk for row in rows if (row.department_id, row.user_id) not in wanted]
    rows.filter(pk__in=gone).delete()
    rows.filter(is_main=True).update(is_main=False)
    new = sorted(wanted - had)
    DepartmentMembership.objects.bulk_create(
        (DepartmentMembership(department_id=pk, user_id=user, is_main=False) for pk, user in new),
        batch_size=BATCH,
    )
    mains = {(ids[0], user) for user, ids in where.items() if ids}
    main_rows = [row.pk for row in rows.all() if (row.department_id, row.user_id) in mains]
    rows.filter(pk__in=main_rows).update(is_main=True)
    departments.sync_groups({pk for pk, _user in wanted ^ had})
    joined = [audit.Change(pk, called[pk], after=_member(users[user])) for pk, user in new]
    left = [audit.Change(pk, called[pk], _member(users[user])) for pk, user in sorted(had - wanted)]
    for kind, changes in (("add", joined), ("remove", left)):
        action = f"staff_department.member.{kind}"
        audit.record_many(action=action, model=Department, by=by, changes=changes)


def _member(user: User) -> dict[str, str]:
    return {"member": user.actor_label}


def _names(ids: Iterable[int]) -> dict[int, str]:
    return dict(Department.objects.filter(pk__in=ids).values_list("pk", "name"))
