"""Two entries of one person become one (SPEC CON-4, APR-6; T05; matrix row 24).

The survivor keeps its id and gets what the other had: chosen values, places, shares, 权限设置, tags, conversations,
account, decided applications. The other goes into the bin as it was, marked, and is not restored beside the survivor.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import access
from contacts import closure, events, jobs
from contacts.models import (
    Contact,
    ContactGroupGrant,
    ContactMerge,
    ContactUserGrant,
    ContactVisibleStaff,
    IdentityOffer,
    Membership,
)
from contacts.selectors.merging import FIELDS, proposal, stamp_of
from contacts.services import fields as contact_fields
from contacts.services import places
from contacts.services.shared import claim_pair, record
from core import audit, guardian
from core.actors import Actor
from core.errors import Conflict, Invalid
from im.identities import follow

State = Contact.Account
MAX_REMARK = 2000
Carried = dict[str, Any]


@transaction.atomic
def merge(
    *, by: Actor, contact: Contact, other: Contact, picks: Mapping[str, str], stamp: str = ""
) -> Contact:
    """Merges `other` into `contact` and returns the survivor.

    `picks` says per name of selectors.merging.FIELDS whose value stays: "mine", "other", for the remark also "both";
    what is not named follows the proposal (the survivor's value where it has one). Raises Hidden or Denied unless `by`
    maintains the main dimension of both, Invalid for one contact twice or a value that cannot be kept, Conflict when
    both have an account, or one was changed since `stamp` (selectors.merging.stamp_of) was taken.
    """
    if contact.pk == other.pk:
        raise Invalid(_("Choose two different contacts"))
    mine, gone = claim_pair(by=by, first=contact, second=other)
    _require_mergeable(mine, gone, stamp)
    before = contact_fields.snapshot(mine)
    personal = {gone.created_by_id, gone.follower_id, mine.follower_id}
    carried = {**_take_places(mine, gone, picks), **_take_rights(mine, gone)}
    carried["code"] = _take_values(by, mine, gone, picks)
    _keep_sight(by, mine, personal)
    carried["login"] = _take_account(by, mine, gone)
    _put_away(by, mine, gone)
    carried["conversations"] = follow(former=gone.pk, now=mine.pk)
    closure.refresh([mine.pk, gone.pk])
    places.end_unusable(by=by, contacts=[mine])
    _write_down(by, mine, gone, before, carried)
    mine.refresh_from_db()
    return mine


def _require_mergeable(mine: Contact, gone: Contact, stamp: str) -> None:
    if mine.user_id and gone.user_id:
        raise Conflict(
            _("Both have an external account. Close one of them first, then merge"), code="accounts"
        )
    if stamp and stamp != stamp_of(mine, gone):
        raise Conflict(
            _("One of the two was changed meanwhile. Look at the new values and choose again"),
            code="changed",
        )


# --- What the survivor gets -----------------------------------------------------------------------------------------


def _take_values(by: Actor, mine: Contact, gone: Contact, picks: Mapping[str, str]) -> list[str]:
    """The chosen values and all tags; returns the code that the other entry gave away."""
    chosen = {**proposal(mine, gone), **{key: picks[key] for key in FIELDS if picks.get(key)}}
    theirs = {key for key, pick in chosen.items() if pick == "other"}
    values = {key: getattr(gone, key) for key in theirs if key in contact_fields.EDITABLE}
    if "name" in theirs:
        values["reading"] = gone.reading
    if chosen.get("remark") == "both":
        values["remark"] = _both(mine.remark, gone.remark)
    if "code" in theirs:
        Contact.objects.filter(pk=gone.pk).update(code=None)
    if "avatar" in theirs:
        former, mine.avatar = mine.avatar.name, gone.avatar.name
        if former:
            jobs.forget_picture(former)
    mine.version += 1
    contact_fields.write(by=by, contact=mine, values=values)
    mine.tags.add(*gone.tags.all())
    return [gone.code] if "code" in theirs and gone.code else []


def _both(mine: str, theirs: str) -> str:
    text = "\n".join(part for part in (mine, theirs) if part)
    if len(text) > MAX_REMARK:
        raise Invalid(_("Both remarks together are too long. Keep one of them"), field="remark")
    return text


def _take_places(mine: Contact, gone: Contact, picks: Mapping[str, str]) -> Carried:
    """Further places; the main one stays unless the other's was picked."""
    known = {row.node_id: row for row in mine.memberships.all()}
    added = []
    for row in gone.memberships.order_by("pk"):
        here = known.get(row.node_id)
        if here is None:
            known[row.node_id] = Membership.objects.create(
                contact=mine, node_id=row.node_id, position=row.position, order=row.order
            )
            added.append(row.node_id)
        elif row.position and not here.position:
            here.position = row.position
            here.save(update_fields=["position"])
    if picks.get("main_node") == "other" and gone.main_node_id != mine.main_node_id:
        mine.memberships.filter(is_main=True).update(is_main=False)
        mine.memberships.filter(node_id=gone.main_node_id).update(is_main=True)
        mine.main_node_id = gone.main_node_id
    return {"places": added}


def _take_rights(mine: Contact, gone: Contact) -> Carried:
    """Shares (the stronger wins), and whom he may see."""
    staff = [
        ContactVisibleStaff(
            contact=mine, user_id=row.user_id, group_id=row.group_id, granted_by_label=row.granted_by_label
        )
        for row in gone.visible_staff.all()
    ]  # fmt: skip
    before = set(mine.visible_staff.values_list("pk", flat=True))
    ContactVisibleStaff.objects.bulk_create(staff, ignore_conflicts=True)
    mine.created_by = mine.created_by or gone.created_by
    return {
        "users": _take_shares(ContactUserGrant, "user_id", mine, gone),
        "groups": _take_shares(ContactGroupGrant, "group_id", mine, gone),
        "staff": list(mine.visible_staff.exclude(pk__in=before).values_list("pk", flat=True)),
    }


def _take_shares(table: Any, holder: str, mine: Contact, gone: Contact) -> list[int]:
    """Copies grants; whoever may edit now needs no grant to view. Returns whose rights grew."""
    rows = table.objects.filter(content_object__in=[mine, gone]).select_related("permission")
    held: dict[int, dict[str, Any]] = {}
    given: dict[int, dict[str, Any]] = {}
    for row in rows.order_by("pk"):
        side = held if row.content_object_id == mine.pk else given
        side.setdefault(getattr(row, holder), {})[row.permission.codename] = row
    grown = []
    for key, theirs in given.items():
        level = "edit_contact" if "edit_contact" in theirs else "view_contact"
        if "edit_contact" in held.get(key, {}) or level in held.get(key, {}):
            continue
        row = theirs[level]
        table.objects.filter(content_object=mine, **{holder: key}).delete()
        table.objects.create(
            content_object=mine, permission=row.permission, granted_by_label=row.granted_by_label,
            source=row.source, **{holder: key},
        )  # fmt: skip
        grown.append(key)
    return grown


def _keep_sight(by: Actor, mine: Contact, personal: set[int | None]) -> None:
    """One entry has one creator and one follower; whoever of both is neither now keeps by a share what he could do."""
    others = personal - {None, mine.created_by_id, mine.follower_id}
    for person in User.objects.active().staff().filter(pk__in=others).order_by("pk"):
        guardian.revoke(table=ContactUserGrant, codename="view_contact", to=person, obj=mine)
        guardian.grant(
            table=ContactUserGrant, codename="edit_contact", to=person, obj=mine, by_label=by.actor_label
        )  # fmt: skip


def _take_account(by: Actor, mine: Contact, gone: Contact) -> list[int]:
    """The login goes on as the survivor; a pending application for the survivor is superseded by it (SPEC APR-2)."""
    user: User | None = gone.user
    if user is None:
        return []
    state, opened_at, expires_at = gone.account, gone.opened_at, gone.expires_at
    gone.user, gone.account = None, State.NONE
    gone.save(update_fields=["user", "account"])
    mine.user, mine.account, mine.opened_at, mine.expires_at = user, state, opened_at, expires_at
    mine.save(update_fields=["user", "account", "opened_at", "expires_at"])
    access.carry_identity(former=gone.pk, now=mine.pk)
    IdentityOffer.objects.filter(through=gone).update(through=mine)
    events.announce_opened(contact_id=mine.pk, user_id=user.pk, by=by)
    return [user.pk]


# --- The other entry ------------------------------------------------------------------------------------------------


def _put_away(by: Actor, mine: Contact, gone: Contact) -> None:
    events.announce_gone(contact_id=gone.pk, reason="merged", by=by, into=mine.pk)
    Contact.objects.filter(pk=gone.pk).update(
        deleted_at=timezone.now(), deleted_by_label=by.actor_label[:200], updated_at=timezone.now()
    )
    # What was merged into the other before leads here as well.
    ContactMerge.objects.filter(contact=gone).update(contact=mine)


def _write_down(
    by: Actor, mine: Contact, gone: Contact, before: Mapping[str, Any], carried: Carried
) -> None:
    ContactMerge.objects.create(
        former_id=gone.pk, contact=mine, carried=carried, merged_by_label=by.actor_label[:200]
    )
    old, new = audit.changes(before, contact_fields.snapshot(mine))
    sums = {key: len(ids) for key, ids in carried.items() if ids}
    record(
        by=by, contact=mine, action="contact.merge", before=old,
        after={**new, "merged": gone.name, "merged_id": gone.pk, **sums},
    )  # fmt: skip
    record(
        by=by, contact=gone, action="contact.merged_away",
        before={"name": gone.name}, after={"into": mine.name, "into_id": mine.pk},
    )  # fmt: skip
