"""What external people change about themselves."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import IO, Any, Final

from django.core.files.base import ContentFile
from django.db import transaction

from accounts.models import User
from contacts import closure
from contacts.models import Contact
from contacts.permissions import Role, active_identity, identity_of
from contacts.services import fields as contact_fields
from contacts.services.shared import SIGNED, record
from core import audit
from core.pictures import reencode_avatar
from portal import permissions

# The listed fields of matrix row 22 that a person keeps himself.
OWN_FIELDS: Final = frozenset({"telephone", "office", "email", "mobile"})


@transaction.atomic
def update_profile(*, by: User, fields: Mapping[str, Any]) -> Contact:
    """Changes the given own fields of the active identity (SPEC POR-5); nothing changed leaves no trace.

    A changed mobile or e-mail raises Contact.version: whoever decides about it looks again (SECURITY T33).
    Raises Denied without a usable identity, Invalid(field) for a value, TypeError for a field that is not his.
    """
    if set(fields) - OWN_FIELDS:
        raise TypeError(f"not his to change: {', '.join(sorted(set(fields) - OWN_FIELDS))}")
    contact = _own(by)
    values = contact_fields.cleaned(fields, role=Role.EDITOR)
    before = contact_fields.snapshot(contact)
    if any(getattr(contact, key) != values[key] for key in SIGNED & set(values)):
        contact.version += 1
    contact_fields.write(by=by, contact=contact, values=values)
    old, new = audit.changes(before, contact_fields.snapshot(contact))
    if new:
        closure.refresh([contact.pk])
        record(by=by, contact=contact, action="contact.own_edit", before=old, after=new)
    return contact


def change_picture(*, by: User, file: IO[bytes] | None) -> Contact:
    """A new picture of oneself, written anew and square; None takes it away. Raises Denied, InvalidPicture."""
    picture = reencode_avatar(file) if file is not None else None
    contact, former = _put_picture(by, picture)
    if former:
        # Only once the row no longer names it: a failure leaves a file too many, never one too few.
        contact.avatar.storage.delete(former)
    return contact


@transaction.atomic
def _put_picture(by: User, picture: bytes | None) -> tuple[Contact, str]:
    """The contact with its new picture, and the name of the former one."""
    contact = _own(by)
    former = str(contact.avatar.name or "")
    if picture is None and not former:
        return contact, ""
    contact.avatar = ""
    if picture is not None:
        contact.avatar.save(f"{uuid.uuid4().hex}.webp", ContentFile(picture), save=False)
    contact.save(update_fields=["avatar", "updated_at"])
    record(
        by=by, contact=contact, action="contact.own_avatar",
        before={"avatar": bool(former)}, after={"avatar": picture is not None},
    )  # fmt: skip
    return contact, former


def _own(by: User) -> Contact:
    """The active identity, locked; asked again under the lock."""
    pk = identity_of(by)
    contact = closure.lock(contact_ids=[pk]).get(pk) if pk else None
    if contact is None or active_identity(by.pk, pk) != pk:
        raise permissions.no_identity()
    return contact
