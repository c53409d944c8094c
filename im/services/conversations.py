"""Conversations: opening, pinning, muting (SPEC IM-1, IM-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.errors import Hidden
from im import reach, selectors
from im.live import telling
from im.models import Conversation, Participant

if TYPE_CHECKING:
    from im.reach import Party

NOBODY: Final = gettext_lazy("This person cannot be written to.")


@transaction.atomic
def open_direct(*, by: User, other: Party) -> Conversation:
    """The one-to-one conversation of `by` with `other`; made on first use, the same for both ever after.

    Raises Hidden when `by` may not start with `other` (SPEC IM-2): no such person, not visible, disabled, himself, the
    wrong identity, or both external. One that exists already opens for its members whatever became of the right.
    """
    me = reach.party_of(by)
    key = _direct_key(me, other)
    mine = (
        Participant.objects.of(me)
        .select_related("conversation")
        .filter(conversation__key=key)
        .first()
    )
    if mine is not None:
        return mine.conversation
    if not _may_start(by, me, other):
        raise Hidden(NOBODY)
    conversation, _created = Conversation.objects.get_or_create(
        key=key, defaults={"kind": Conversation.Kind.DIRECT}
    )
    Participant.objects.bulk_create(
        [
            Participant(
                conversation=conversation, user_id=party.user_id, identity_id=party.identity_id
            )
            for party in (me, other)
        ],
        ignore_conflicts=True,
    )
    return conversation


def _direct_key(a: Party, b: Party) -> str:
    first, second = sorted((a, b), key=lambda party: party.user_id)
    return f"{first}|{second}"


def _may_start(by: User, me: Party, other: Party) -> bool:
    if not by.is_active or me.user_id == other.user_id:
        return False
    person = User.objects.filter(pk=other.user_id, is_active=True).first()
    if person is None or person.is_external != (other.identity_id is not None):
        return False
    # Whatever a policy says: external people never find external people, and none speaks without an identity.
    if by.is_external and (person.is_external or me.identity_id is None):
        return False
    return reach.policy().may_start(me, other)


@transaction.atomic
def set_pinned(*, conversation_id: int, value: bool, by: User) -> Participant:
    """Keeps a conversation at the top of the list of `by`, or lets it go. Raises Hidden for non-members."""
    return _set(conversation_id, by, "pinned", value=value)


@transaction.atomic
def set_muted(*, conversation_id: int, value: bool, by: User) -> Participant:
    """Leaves a conversation out of the unread badge of `by`, or takes it back in. Raises Hidden for non-members."""
    return _set(conversation_id, by, "muted", value=value)


def _set(conversation_id: int, by: User, field: str, *, value: bool) -> Participant:
    me = selectors.membership(conversation_id=conversation_id, user=by)
    setattr(me, field, value)
    me.save(update_fields=[field])
    telling.settings(me)
    return me
