"""External contacts themselves: create, edit, picture, reveal, bin (SPEC CON-1, CON-2, CON-7, CON-8)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from contacts import closure, events, jobs
from contacts.models import Contact, ContactMerge, ContactVisibleStaff, Membership
from contacts.permissions import Role, create_role, viewer_of
from contacts.selectors.duplicates import Duplicates, find_duplicates
from contacts.services import accounts
from contacts.services import fields as contact_fields
from contacts.services.fields import Fields
from contacts.services.shared import SIGNED, claim, claim_with_role, missing, record
from core import audit
from core.actors import Actor
from core.errors import Conflict, Denied, Hidden, Invalid
from core.kept import refuse_kept
from core.pictures import reencode_avatar
from orgs.models import DirectorySettings, Node, Source
from orgs.permissions import as_now

__all__ = [
    "Duplicates",
    "Login",
    "create",
    "delete",
    "edit",
    "find_duplicates",
    "restore",
    "reveal",
]

REVEALED = ("mobile", "email")


@dataclass(frozen=True, slots=True)
class Login:
    """The account part of the form of a maintainer; empty parts are made up at random."""

    username: str = ""
    password: str = ""
    channel: str = ""

    def __repr__(self) -> str:
        return f"Login({self.username!r})"


@transaction.atomic
def create(*, by: Actor, node: Node, fields: Fields, login: Login | None = None) -> Contact:
    """A new contact in `node` (matrix row 21); with `login` the account is opened with it.

    Staff create at or below their visible ranges, and directly in the built-in dimension where the settings allow it.
    The creator is the first whom the new person may see (SPEC VIS-4). Raises Hidden elsewhere, Denied for a login
    without the right to maintain, Invalid(field) for values.
    """
    closure.lock(node_ids=[node.pk])
    place = Node.objects.filter(pk=node.pk).first()
    role = create_role(viewer_of(as_now(by)), place) if place else Role.NONE
    if place is None or role == Role.NONE:
        raise Hidden(_("There is no such organization or department."))
    if login is not None and role < Role.MAIN_MAINTAINER:
        raise Denied(_("Save the contact first, then apply for an account"))
    level = DirectorySettings.objects.values_list("default_security_level", flat=True).first() or 0
    contact = Contact(
        main_node=place, source=Source.MANUAL, security_level=level,
        created_by=by if isinstance(by, User) else None,
    )  # fmt: skip
    values = contact_fields.cleaned({"name": "", **fields}, role=role)
    contact_fields.write(by=by, contact=contact, values=values)
    Membership.objects.create(contact=contact, node=place, is_main=True)
    if isinstance(by, User):
        ContactVisibleStaff.objects.create(
            contact=contact, user=by, granted_by_label=by.actor_label[:200]
        )
    closure.refresh([contact.pk])
    shown = {key: value for key, value in contact_fields.snapshot(contact).items() if value}
    record(by=by, contact=contact, action="contact.create", after={"node": place.name, **shown})
    contact.refresh_from_db()
    if login is not None:
        contact = accounts.open_directly(
            by=by, contact=contact, username=login.username, password=login.password,
            channel=login.channel,
        )  # fmt: skip
    return contact


@transaction.atomic
def edit(*, by: Actor, contact: Contact, fields: Fields, stamp: str = "") -> Contact:
    """Changes the given fields of 基本信息; an edit that changes nothing leaves no trace (matrix row 22).

    Raises Hidden for those who do not see the contact, Denied for those who only see it, Conflict when `stamp`
    (services.fields.stamp) is an old one, Invalid(field) for values.
    """
    fresh, role = claim_with_role(by=by, contact=contact, needs=Role.EDITOR, say_why=True)
    if stamp and stamp != contact_fields.stamp(fresh):
        raise Conflict(
            _("Somebody has changed “%(name)s” meanwhile. Look at the new values and edit again")
            % {"name": fresh.name}
        )
    before = contact_fields.snapshot(fresh)
    values = contact_fields.cleaned(fields, role=role)
    _refuse_own_right(by, fresh, values, role)
    if values.get("name", fresh.name) != fresh.name:
        refuse_kept(fresh.kept, "name")
    if any(getattr(fresh, key) != values[key] for key in SIGNED & set(values)):
        fresh.version += 1
    contact_fields.write(by=by, contact=fresh, values=values)
    old, new = audit.changes(before, contact_fields.snapshot(fresh))
    if new:
        closure.refresh([fresh.pk])
        record(by=by, contact=fresh, action="contact.edit", before=old, after=new)
        accounts.follow_addresses(by=by, contact=fresh, before=before, role=role)
    return fresh


def _refuse_own_right(by: Actor, contact: Contact, values: Fields, role: Role) -> None:
    """An edit share can be taken away; who made himself follower through it would keep it for good (SECURITY T25)."""
    follower = values.get("follower")
    own = isinstance(by, User) and isinstance(follower, User) and follower.pk == by.pk
    if own and role == Role.EDITOR and by not in (contact.follower, contact.created_by):
        raise Invalid(_("Nobody changes his own rights"), field="follower")


@transaction.atomic
def change_avatar(*, by: Actor, contact: Contact, file: IO[bytes] | None) -> Contact:
    """A new picture, written anew and square; None takes it away. Raises as `edit`, and InvalidPicture."""
    picture = reencode_avatar(file) if file is not None else None
    fresh = claim(by=by, contact=contact, needs=Role.EDITOR, say_why=True)
    former = fresh.avatar.name
    if picture is None and not former:
        return fresh
    fresh.avatar = ""
    if picture is not None:
        fresh.avatar.save(f"{uuid.uuid4().hex}.webp", ContentFile(picture), save=False)
    fresh.save(update_fields=["avatar", "updated_at"])
    if former:
        jobs.forget_picture(former)
    record(
        by=by, contact=fresh, action="contact.avatar",
        before={"avatar": bool(former)}, after={"avatar": picture is not None},
    )  # fmt: skip
    return fresh


@transaction.atomic
def reveal(*, by: Actor, contact: Contact, field: str) -> str:
    """The full mobile or e-mail, written down in the audit trail (SPEC CON-7, matrix row 18).

    Raises Hidden for those who do not see the contact and for another field, Denied for those who only see it.
    """
    if field not in REVEALED:
        raise missing()
    fresh = claim(by=by, contact=contact, needs=Role.EDITOR, say_why=True)
    record(by=by, contact=fresh, action="contact.reveal", after={"field": field})
    return str(getattr(fresh, field))


@transaction.atomic
def delete(*, by: Actor, contact: Contact) -> Contact:
    """Puts a contact into the bin for 30 days; its account is closed first, an application lapses (SPEC CON-8).

    Raises Hidden or Denied unless `by` maintains the main dimension.
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAIN_MAINTAINER)
    put_into_bin(by=by, contacts=[fresh])
    return fresh


def put_into_bin(*, by: Actor, contacts: Sequence[Contact]) -> None:
    """The change itself; everything is locked, every right was checked."""
    for contact in contacts:
        accounts.detach(by=by, contact=contact)
        events.announce_gone(contact_id=contact.pk, reason="deleted", by=by)
        contact.deleted_at, contact.deleted_by_label = timezone.now(), by.actor_label[:200]
        contact.save(update_fields=["deleted_at", "deleted_by_label", "updated_at"])
        record(by=by, contact=contact, action="contact.delete", before={"name": contact.name})
    closure.refresh([contact.pk for contact in contacts])


@transaction.atomic
def restore(*, by: Actor, contact: Contact) -> Contact:
    """Takes a contact out of the bin, without an account (matrix row 27).

    Raises as `delete`, Conflict for one that was merged into another: the person would be there twice.
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAIN_MAINTAINER, binned=True)
    take_out_of_bin(by=by, contacts=[fresh])
    fresh.refresh_from_db()
    return fresh


def take_out_of_bin(*, by: Actor, contacts: Sequence[Contact]) -> None:
    """The change itself; everything is locked, every right was checked. Raises Conflict as `restore`."""
    ids = [contact.pk for contact in contacts]
    merged = set(ContactMerge.objects.filter(former_id__in=ids).values_list("former_id", flat=True))
    for contact in contacts:
        if contact.pk in merged:
            raise Conflict(
                _("%(name)s was merged into another entry and cannot be restored beside it")
                % {"name": contact.name},
                code="merged",
            )
        contact.deleted_at, contact.deleted_by_label = None, ""
        contact.save(update_fields=["deleted_at", "deleted_by_label", "updated_at"])
        record(by=by, contact=contact, action="contact.restore", after={"name": contact.name})
    closure.refresh(ids)
