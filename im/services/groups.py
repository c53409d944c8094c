"""Groups: who is in them, what they are called, who decides (SPEC IM-1, IM-2; SECURITY T15, T54, T55).

Staff make groups, take in whom they see, and rename; the owner removes, hands over and dissolves. External people never
change a group, they may leave it. Each change is a line in the thread and a row in the trail.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import audit
from core.cleaning import clean
from core.errors import Denied, Hidden, Invalid
from im import reach, selectors
from im.live import telling
from im.models import Conversation, Message, Participant
from im.parts import listeners, party_of_participant
from im.reach import Party
from im.services.conversations import NOBODY
from im.services.messages import append, check_client_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_MEMBERS: Final = 200
MAX_TITLE: Final = 60
Event = Message.Event


@transaction.atomic
def create(*, by: User, others: Iterable[Party], client_id: str, title: str = "") -> Conversation:
    """A group of `by`, who owns it, and `others`. The same `client_id` gives the group that was made the first time.

    Raises Denied (external people make no groups), Hidden (somebody whom `by` may not write to), Invalid (nobody
    chosen, more than 200, external people of several organizations, a name that is too long, bad `client_id`).
    """
    require_staff(by)
    check_client_id(client_id)
    key = f"group:{by.pk}:{client_id}"
    there = Conversation.objects.filter(key=key).first()
    if there is not None:
        return there
    wanted = _wanted(others, by)
    name = _checked_title(title)
    organization = _check_joining(by, wanted, organization_id=None, there=1)
    try:
        with transaction.atomic():
            group = Conversation.objects.create(
                key=key, kind=Conversation.Kind.GROUP, title=name, organization_id=organization
            )
    except IntegrityError:  # sent twice at once
        return Conversation.objects.get(key=key)
    me = Participant.objects.create(conversation=group, user=by, is_owner=True)
    Participant.objects.bulk_create(
        Participant(conversation=group, user_id=one.user_id, identity_id=one.identity_id)
        for one in wanted
    )
    _happened(group, me, by, Event.CREATED, "group.create", wanted)
    return group


@transaction.atomic
def add(*, conversation_id: int, others: Iterable[Party], by: User) -> list[Party]:
    """Takes people into a group; returns those who were not in it. They read from here on.

    Raises Hidden (no such group of `by`, or somebody whom he may not write to), Denied (external, or the group has
    ended), Invalid (more than 200, external people of several organizations, the other identity of a member).
    """
    me, members = _claim(conversation_id, by)
    require_staff(by)
    group, present = me.conversation, {row.user_id: row for row in members if row.left_at is None}
    wanted = _wanted(others, by)
    doubled = [one for one in wanted if one.user_id in present]
    if any(party_of_participant(present[one.user_id]) != one for one in doubled):
        raise Invalid(_("This person cannot be added to this group."))
    new = [one for one in wanted if one.user_id not in present]
    if not new:
        return []
    organization = _check_joining(
        by, new, organization_id=group.organization_id, there=len(present)
    )
    former = {row.user_id: row for row in members if row.left_at is not None}
    for one in new:
        row = former.get(one.user_id) or Participant(conversation=group, user_id=one.user_id)
        _enter(row, one, group.last_seq)
    if organization != group.organization_id:
        group.organization_id = organization
        group.save(update_fields=["organization_id"])
    _happened(group, me, by, Event.ADDED, "group.add", new)
    return new


@transaction.atomic
def remove(*, conversation_id: int, user_id: int, by: User) -> None:
    """Takes a member out; nothing of the group is his any more, what he said stays under his name.

    Raises Hidden (no such group of `by`, no such member), Denied (only the owner, never himself; the group has ended).
    """
    me, members = _claim(conversation_id, by)
    _require_owner(me, members)
    row = _member(members, user_id)
    if row.pk == me.pk:
        raise Denied(_("You cannot remove yourself. Leave the group instead."))
    _exit(row, members)
    _happened(me.conversation, me, by, Event.REMOVED, "group.remove", [party_of_participant(row)])
    telling.left(row)


@transaction.atomic
def leave(*, conversation_id: int, by: User) -> None:
    """Goes out of a group, also out of one that has ended. The group of an owner goes to the first of its staff, and
    ends where no staff is left. Raises Hidden (no such group of `by`).
    """
    me, members = _claim(conversation_id, by, ended=True)
    group = me.conversation
    others = [row for row in members if row.pk != me.pk]
    heir = selectors.owner_of(others)
    if not group.ended_at:
        if heir is None and me.identity_id is None:
            _end(me, by)
        else:
            _happened(group, me, by, Event.LEFT, "group.leave", [])
    was_owner = me.is_owner
    _exit(me, members)
    if was_owner and heir is not None:
        heir.is_owner = True
        heir.save(update_fields=["is_owner"])
    telling.left(me)


@transaction.atomic
def rename(*, conversation_id: int, title: str, by: User) -> Conversation:
    """Gives the group a name; an empty one lets it be called after its members.

    Raises Hidden (no such group of `by`), Denied (external, or the group has ended), Invalid (too long).
    """
    me, _members = _claim(conversation_id, by)
    require_staff(by)
    group, name = me.conversation, _checked_title(title)
    if name == group.title:
        return group
    former, group.title = group.title, name
    group.save(update_fields=["title"])
    # The former name is what those see who take part no more (im.selectors.people.former_titles).
    _happened(group, me, by, Event.RENAMED, "group.rename", [name, former])
    return group


@transaction.atomic
def hand_over(*, conversation_id: int, user_id: int, by: User) -> None:
    """Makes another member of the staff the owner.

    Raises Hidden (no such group of `by`, no such member), Denied (only the owner; only to staff who can log in).
    """
    me, members = _claim(conversation_id, by)
    _require_owner(me, members)
    heir = _member(members, user_id)
    if heir.identity_id is not None or not heir.user.is_active:
        raise Denied(_("Only staff who can log in can own a group."))
    if heir.pk == me.pk:
        return
    Participant.objects.filter(conversation=me.conversation).update(is_owner=False)
    Participant.objects.filter(pk=heir.pk).update(is_owner=True)
    _happened(me.conversation, me, by, Event.OWNER, "group.owner", [party_of_participant(heir)])


@transaction.atomic
def dissolve(*, conversation_id: int, by: User) -> None:
    """Ends the group: its members keep what was said, nobody writes any more.

    Raises Hidden (no such group of `by`), Denied (only the owner; it has ended already).
    """
    me, members = _claim(conversation_id, by)
    _require_owner(me, members)
    _end(me, by)


# --- checks -----------------------------------------------------------------------------------------------------------


def _claim(
    conversation_id: int, by: User, *, ended: bool = False
) -> tuple[Participant, Sequence[Participant]]:
    """Locks a group of `by` and reads its members anew: (own row, all rows with former ones).

    Raises Hidden, and Denied for a group that has ended unless `ended`.
    """
    seat = selectors.seat(conversation_id=conversation_id, user=by, lock=True)
    group = seat.me.conversation
    if group.kind != Conversation.Kind.GROUP:
        raise Hidden(_("There is no such group."))
    if not by.is_active:
        raise Denied(_("This login is disabled."))
    if group.ended_at and not ended:
        raise Denied(_("This group has been dissolved."), code="ended")
    return seat.me, seat.people


def require_staff(by: User) -> None:
    """Raises Denied for external people."""
    if by.is_external or not by.is_active:
        raise Denied(_("Groups are made and changed by staff."))


def _require_owner(me: Participant, members: Iterable[Participant]) -> None:
    owner = selectors.owner_of(members)
    if owner is None or owner.pk != me.pk:
        raise Denied(_("Only the owner of the group may do this."))


def _member(members: Iterable[Participant], user_id: int) -> Participant:
    found = [row for row in members if row.user_id == user_id and row.left_at is None]
    if not found:
        raise Hidden(_("There is no such member."))
    return found[0]


def _wanted(others: Iterable[Party], by: User) -> list[Party]:
    """Everybody once, without himself."""
    wanted = list(dict.fromkeys(one for one in others if one.user_id != by.pk))
    if not wanted:
        raise Invalid(_("Choose at least one person."), field="target")
    if len({one.user_id for one in wanted}) < len(wanted):
        raise Invalid(_("This person cannot be added to this group."))
    return wanted


def _check_joining(
    by: User, new: Sequence[Party], *, organization_id: int | None, there: int
) -> int | None:
    """Whether `by` may take these in; returns the organization that the group has with them."""
    if there + len(new) > MAX_MEMBERS:
        raise Invalid(
            _("A group holds at most %(limit)s people.") % {"limit": MAX_MEMBERS}, field="target"
        )
    policy, me = reach.policy(), reach.party_of(by)
    users = User.objects.in_bulk([one.user_id for one in new])
    fits = all(
        (user := users.get(one.user_id)) is not None
        and user.is_active
        and user.is_external == (one.identity_id is not None)
        for one in new
    )
    if not fits or policy.reachable(me, new) != set(new):
        raise Hidden(NOBODY)
    external = [one for one in new if one.identity_id is not None]
    places = set(policy.organizations_of(external).values()) if external else set()
    if organization_id is not None:
        places.add(organization_id)
    if len(places) > 1:
        raise Invalid(
            _("The external people of a group belong to one organization."),
            field="target",
            code="organizations",
        )
    return next(iter(places), None)


def _checked_title(title: str) -> str:
    name = clean(title, len(title))
    if len(name) > MAX_TITLE:
        raise Invalid(
            _("The name of a group has at most %(limit)s characters.") % {"limit": MAX_TITLE},
            field="title",
        )
    return name


# --- changes ----------------------------------------------------------------------------------------------------------


def _enter(row: Participant, party: Party, last_seq: int) -> None:
    """A member who reads from here on, whatever he read when he was in it before."""
    row.identity_id, row.left_at, row.is_owner = party.identity_id, None, False
    row.from_seq, row.read_seq, row.mention_seq = last_seq, last_seq, 0
    row.pinned = row.muted = False
    row.save()


def _exit(row: Participant, members: Iterable[Participant]) -> None:
    """Out; with the last external person goes the organization."""
    group = row.conversation
    row.left_at, row.is_owner = timezone.now(), False
    row.save(update_fields=["left_at", "is_owner"])
    outside = [one for one in members if one.identity_id is not None and one.left_at is None]
    if group.organization_id is not None and not [one for one in outside if one.pk != row.pk]:
        group.organization_id = None
        group.save(update_fields=["organization_id"])


def _end(me: Participant, by: User) -> None:
    group = me.conversation
    group.ended_at = timezone.now()
    group.save(update_fields=["ended_at"])
    _happened(group, me, by, Event.ENDED, "group.dissolve", [])


def _happened(
    group: Conversation,
    me: Participant,
    by: User,
    event: Message.Event,
    action: str,
    subjects: Sequence[Party | str],
) -> None:
    """The line in the thread, and the row in the trail, which names people by number as everywhere in messages."""
    words: list[Any] = [str(one) for one in subjects]
    name = f"event-{uuid.uuid4().hex}"
    append(me, client_id=name, by=by, to=listeners(group), event=event, subjects=words)
    audit.record(action=action, obj=group, by=by, after={"subjects": words}, label=group.title)
