"""Staff, their rights, and the first administrator (SPEC ACC-6; matrix rows 31, 58)."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import names, passwords, permissions
from accounts.models import Installation, User
from accounts.services import access, addresses, departments
from core import audit
from core.actors import Actor, SystemActor
from core.errors import Conflict, Invalid
from core.kept import refuse_kept

FIELDS = ("username", "name", "email", "mobile", "position", "employee_code")


def require_free(username: str, *, but: User | None = None) -> None:
    """Raises Invalid when another login has this name, whatever its case."""
    others = User.objects.filter(username__iexact=username)
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise Invalid(_("This login name is taken"), field="username")


def save_unique(user: User) -> User:
    """Saves `user`; a login name or employee code that somebody took in this moment reads as taken."""
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        field = "employee_code" if "employee_code" in str(error) else "username"
        raise Invalid(_("This login name or employee code is taken"), field=field) from error
    return user


@transaction.atomic
def create_staff(
    *,
    by: Actor,
    username: str,
    name: str,
    email: str = "",
    mobile: str = "",
    position: str = "",
    employee_code: str | None = None,
    department_ids: Sequence[int] = (),
    password: str | None = None,
) -> User:
    """A new staff member. Administrators only (Denied).

    With `password` it must be replaced at the first log-in; without one the login is unusable until
    `credentials.start_issue` has run. Raises Invalid(field) for a login name that is taken or malformed.
    """
    permissions.require_admin(by)
    username = names.clean_login_name(username)
    require_free(username)
    user = User(
        username=username, name=name, email=email, mobile=mobile, position=position,
        employee_code=employee_code or None, kind=User.Kind.STAFF, **names.columns(name),
    )  # fmt: skip
    _first_password(user, password)
    save_unique(user)
    if department_ids:
        departments.set_departments(user=user, department_ids=department_ids, by=by)
    audit.record(action="staff.create", obj=user, by=by, after=_shown(user))
    return user


def _first_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    passwords.require_good(password, user=user)
    user.set_password(password)
    user.must_change_password = True
    user.initial_password_until = timezone.now() + passwords.CHOSEN_LIFETIME


def _shown(user: User) -> dict[str, Any]:
    return {field: getattr(user, field) for field in FIELDS}


@transaction.atomic
def update_staff(
    *, user: User, by: Actor, department_ids: Sequence[int] | None = None, **changes: Any
) -> User:
    """Changes some of FIELDS of a staff member, and with `department_ids` where he belongs (the first is his main
    department). Administrators only (Denied).

    Raises Invalid(field) for a login name or code that is taken, TypeError for a field that is not in FIELDS
    (rights and the password have services of their own, T26, T28).
    """
    permissions.require_admin(by)
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise TypeError(f"not editable: {', '.join(sorted(unknown))}")
    user = User.objects.select_for_update().get(pk=user.pk, kind=User.Kind.STAFF)
    before = _shown(user)
    _change(user, changes, by)
    old, new = audit.changes(before, _shown(user))
    if new:
        save_unique(user)
        audit.record(action="staff.update", obj=user, by=by, before=old, after=new)
        addresses.moved(user, before=old, by=by)
    if department_ids is not None:
        departments.set_departments(user=user, department_ids=department_ids, by=by)
    return user


def _change(user: User, changes: dict[str, Any], by: Actor) -> None:
    if changes.get("name", user.name) != user.name and not isinstance(by, SystemActor):
        refuse_kept(user.kept, "name")
    if "username" in changes:
        changes["username"] = names.clean_login_name(changes["username"])
        require_free(changes["username"], but=user)
    for field, value in changes.items():
        setattr(user, field, value or None if field == "employee_code" else value)
    for column, value in names.columns(user.name).items():
        setattr(user, column, value)


@transaction.atomic
def grant_holder(*, user: User, by: Actor) -> User:
    """Gives 外部互联维护. Administrators only, never to oneself (Denied); active staff only (Conflict)."""
    return _set_right(user=user, by=by, field="is_holder", value=True, action="right.holder.grant")


@transaction.atomic
def revoke_holder(*, user: User, by: Actor) -> User:
    """Takes 外部互联维护 away. Administrators only, never from oneself (Denied)."""
    return _set_right(
        user=user, by=by, field="is_holder", value=False, action="right.holder.revoke"
    )


@transaction.atomic
def grant_admin(*, user: User, by: Actor) -> User:
    """Makes a staff member a system administrator. Administrators only, never oneself (Denied)."""
    note_administrator()
    return _set_right(
        user=user, by=by, field="is_superuser", value=True, action="right.admin.grant"
    )


@transaction.atomic
def revoke_admin(*, user: User, by: Actor) -> User:
    """Takes the administrator's rights away; never from oneself (Denied) or the last one (Conflict)."""
    permissions.require_admin(by)
    permissions.require_other(by, user)
    access.require_another_admin(user)
    return _set_right(
        user=user, by=by, field="is_superuser", value=False, action="right.admin.revoke"
    )


def _set_right(*, user: User, by: Actor, field: str, value: bool, action: str) -> User:
    permissions.require_admin(by)
    permissions.require_other(by, user)
    user = User.objects.select_for_update().get(pk=user.pk)
    if value and (user.is_external or not user.is_active):
        raise Conflict(_("Only active staff can be given this right"))
    if getattr(user, field) == value:
        return user
    setattr(user, field, value)
    user.save(update_fields=[field])
    audit.record(action=action, obj=user, by=by, before={field: not value}, after={field: value})
    return user


@transaction.atomic
def create_first_admin(*, username: str, name: str, password: str, by: SystemActor) -> User:
    """The first system administrator (SPEC ACC-6; SECURITY T39).

    Works while none has ever existed; then refuses for good (Conflict), also when that one is gone.
    """
    row = _installation()
    if row.first_admin_at or User.objects.filter(is_superuser=True).exists():
        raise Conflict(
            _("An administrator has existed already; administrators appoint further ones")
        )
    user = create_staff(by=by, username=username, name=name, password=password)
    user.is_superuser, user.must_change_password, user.initial_password_until = True, False, None
    user.save(update_fields=["is_superuser", "must_change_password", "initial_password_until"])
    note_administrator()
    audit.record(action="right.admin.first", obj=user, by=by, after={"is_superuser": True})
    return user


def _installation() -> Installation:
    Installation.objects.get_or_create(id=1)
    return Installation.objects.select_for_update().get(id=1)


def note_administrator() -> None:
    """Remembers for good that an administrator exists."""
    row = _installation()
    if row.first_admin_at is None:
        row.first_admin_at = timezone.now()
        row.save(update_fields=["first_admin_at"])
