"""共享 and 权限设置 of one contact: which staff see it, and which staff it sees (SPEC CON-3, VIS-4; matrix row 20)."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Department, User
from contacts.models import Contact, ContactGroupGrant, ContactUserGrant, ContactVisibleStaff
from contacts.permissions import Role
from contacts.services.shared import claim, record
from core import guardian
from core.actors import Actor
from core.errors import Denied, Invalid

Holder = User | Department
LEVELS = {"view": "view_contact", "edit": "edit_contact"}


@transaction.atomic
def share(*, by: Actor, contact: Contact, to: Holder, level: str) -> bool:
    """Lets a person or internal department see (`view`) or edit (`edit`) the contact; replaces another level.

    False when it was so already. Raises Hidden for those who may not edit the contact, Denied for oneself, Invalid
    for external or inactive people and unknown levels.
    """
    fresh = claim(by=by, contact=contact, needs=Role.EDITOR)
    return give(by=by, contact=fresh, to=to, level=level)


def give(*, by: Actor, contact: Contact, to: Holder, level: str) -> bool:
    """The change itself; the contact is locked and the right was checked."""
    if level not in LEVELS:
        raise Invalid(_("Choose viewing or editing"), field="level")
    _refuse(by, to)
    former = _take(contact, to, besides=level)
    _row, created = guardian.grant(
        table=_table(to), codename=LEVELS[level], to=_principal(to), obj=contact,
        by_label=by.actor_label,
    )  # fmt: skip
    if created:
        record(
            by=by, contact=contact, action="share.add",
            before={"level": former} if former else {}, after={**_shown(to), "level": level},
        )  # fmt: skip
    return created


@transaction.atomic
def unshare(*, by: Actor, contact: Contact, to: Holder) -> bool:
    """Takes the share away; False when there was none. Raises Hidden as `share`, Denied for oneself."""
    fresh = claim(by=by, contact=contact, needs=Role.EDITOR)
    return take_back(by=by, contact=fresh, to=to)


def take_back(*, by: Actor, contact: Contact, to: Holder) -> bool:
    """The change itself, as `give`."""
    _refuse_oneself(by, to)
    former = _take(contact, to)
    if former:
        record(
            by=by, contact=contact, action="share.remove", before={**_shown(to), "level": former}
        )
    return bool(former)


def _take(contact: Contact, to: Holder, *, besides: str = "") -> str:
    taken = ""
    for level, codename in LEVELS.items():
        if level != besides and guardian.revoke(
            table=_table(to), codename=codename, to=_principal(to), obj=contact
        ):
            taken = level
    return taken


@transaction.atomic
def add_visible_staff(*, by: Actor, contact: Contact, to: Holder) -> bool:
    """Lets the external person see a member of staff or an internal department (权限设置); raises as `share`."""
    fresh = claim(by=by, contact=contact, needs=Role.EDITOR)
    _refuse_outsider(to)
    _row, created = ContactVisibleStaff.objects.get_or_create(
        contact=fresh, **_columns(to), defaults={"granted_by_label": by.actor_label[:200]}
    )
    if created:
        record(by=by, contact=fresh, action="visible_staff.add", after=_shown(to))
    return created


@transaction.atomic
def remove_visible_staff(*, by: Actor, contact: Contact, to: Holder) -> bool:
    """Takes somebody out of it, oneself included; False when he was not there. Raises Hidden as `share`."""
    fresh = claim(by=by, contact=contact, needs=Role.EDITOR)
    if not ContactVisibleStaff.objects.filter(contact=fresh, **_columns(to)).delete()[0]:
        return False
    record(by=by, contact=fresh, action="visible_staff.remove", before=_shown(to))
    return True


def _table(to: Holder) -> type[ContactUserGrant] | type[ContactGroupGrant]:
    return ContactUserGrant if isinstance(to, User) else ContactGroupGrant


def _principal(to: Holder) -> Any:
    return to if isinstance(to, User) else to.group


def _columns(to: Holder) -> dict[str, Any]:
    return {"user": to} if isinstance(to, User) else {"group": to.group}


def _shown(to: Holder) -> dict[str, Any]:
    kind = "person" if isinstance(to, User) else "department"
    label = to.actor_label if isinstance(to, User) else to.name
    return {"holder": label, "holder_kind": kind, "holder_id": to.pk}


def _refuse(by: Actor, to: Holder) -> None:
    _refuse_outsider(to)
    _refuse_oneself(by, to)


def _refuse_outsider(to: Holder) -> None:
    if isinstance(to, User) and (to.is_external or not to.is_active):
        raise Invalid(_("Only active staff can be chosen here"), field="people")


def _refuse_oneself(by: Actor, to: Holder) -> None:
    if isinstance(by, User) and isinstance(to, User) and by.pk == to.pk:
        raise Denied(_("Nobody changes his own rights"))
