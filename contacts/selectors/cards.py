"""One contact as its card shows it, area by area (SPEC CON-3)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Department, User
from accounts.selectors import Issue, latest_issue, locked_until
from contacts.models import Contact, ContactGroupGrant, ContactUserGrant, ContactVisibleStaff
from contacts.permissions import Allowed, Role, Viewer, role_on
from contacts.selectors.lists import photo_url, state_of
from contacts.selectors.places import Known, known_places
from core.models import AuditEntry

HISTORY = 30


@dataclass(frozen=True, slots=True)
class Card:
    """A contact and what its viewer may do with it."""

    contact: Contact
    role: Role
    allowed: Allowed
    places: Sequence[Known]
    state: str
    image: str

    @property
    def main(self) -> Known | None:
        """The place under the name: the main one, if the viewer may know of it."""
        return self.places[0] if self.places else None


def card(viewer: Viewer, contact_id: int, *, binned: bool = False) -> Card | None:
    """The card, or None for whoever does not see the contact; six queries."""
    role = role_on(viewer, contact_id, binned=binned)
    if role == Role.NONE:
        return None
    rows = Contact.objects.select_related(
        "category", "follower", "created_by", "user", "main_node"
    ).prefetch_related("tags")
    rows = rows.binned() if binned else rows.alive()
    contact = rows.filter(pk=contact_id).first()
    if contact is None:
        return None
    locked = locked_until([contact.user]) if contact.user else {}
    return Card(
        contact=contact, role=role, allowed=Allowed(role, viewer.read_only),
        places=known_places(viewer, [contact_id]).get(contact_id, []),
        state=state_of(contact, is_locked=contact.user_id in locked),
        image=photo_url(contact),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Holder:
    """A person or internal department in 共享 or 权限设置. `key` is how forms name it: "p12", "d5"."""

    key: str
    label: str
    is_department: bool = False
    sub: str = ""
    level: str = ""
    by_label: str = ""
    at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Rights:
    """The area 权限设置 and 共享."""

    staff: list[Holder] = field(default_factory=list)
    shares: list[Holder] = field(default_factory=list)


def rights(contact: Contact) -> Rights:
    """Whom the person sees, and with whom it is shared; three queries. The caller has checked the area."""
    staff = ContactVisibleStaff.objects.filter(contact=contact).select_related(
        "user", "group__department__parent"
    )
    found = Rights(staff=[_holder(row, "") for row in staff.order_by("pk")])
    for table in (ContactGroupGrant, ContactUserGrant):
        principal = "user" if table is ContactUserGrant else "group__department__parent"
        shares = table._default_manager.filter(content_object=contact)
        for row in shares.select_related("permission", principal).order_by("pk"):
            level = "edit" if row.permission.codename == "edit_contact" else "view"
            found.shares.append(_holder(row, level))
    return found


def _holder(row: Any, level: str) -> Holder:
    user: User | None = getattr(row, "user", None)
    common: dict[str, Any] = {
        "level": level, "by_label": row.granted_by_label, "at": row.granted_at
    }  # fmt: skip
    if user is not None:
        return Holder(f"p{user.pk}", user.name, sub=user.position, **common)
    department: Department | None = getattr(row.group, "department", None)
    if department is None:
        return Holder("", row.group.name, is_department=True, **common)
    above = department.parent.name if department.parent else ""
    return Holder(f"d{department.pk}", department.name, is_department=True, sub=above, **common)


@dataclass(frozen=True, slots=True)
class Account:
    """The area 账号信息."""

    login_name: str = ""
    opened_at: datetime.datetime | None = None
    last_login: datetime.datetime | None = None
    expires_at: datetime.datetime | None = None
    locked_until: datetime.datetime | None = None
    issue: Issue | None = None


def account(contact: Contact, reader: User) -> Account:
    """The account of a contact; `issue` is there for those who may read its first credentials. Two queries."""
    if contact.user is None:
        return Account()
    return Account(
        login_name=contact.user.username,
        opened_at=contact.opened_at,
        last_login=contact.user.last_login,
        expires_at=contact.expires_at,
        locked_until=locked_until([contact.user]).get(contact.user.pk),
        issue=latest_issue(user=contact.user, reader=reader),
    )


def history(contact: Contact, *, before_id: int | None = None) -> list[AuditEntry]:
    """Newest changes, at most HISTORY + 1 so that the caller knows of more; for those who maintain the contact.

    Those of entries that were merged into it are among them.
    """
    ids = [contact.pk, *contact.merges.values_list("former_id", flat=True)]
    rows = AuditEntry.objects.filter(
        object_type="contacts.contact", object_id__in=[str(pk) for pk in ids]
    )
    if before_id:
        rows = rows.filter(pk__lt=before_id)
    return list(rows.order_by("-pk")[: HISTORY + 1])
