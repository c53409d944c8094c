"""What waits for somebody who is not looking, as he may read it now (SECURITY T58)."""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db.models import F, Q
from django.utils.module_loading import import_string

from im import reach
from im.models import Conversation, Message, Participant, Topic
from im.parts import closed_to

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from accounts.models import User
    from im.querysets import ParticipantQuerySet
    from im.reach import Party

# Of somebody with more unread notifications the newest ones are looked at.
NOTICES_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """Unread notifications, newest first, and unread messages with when the newest was said."""

    notices: tuple[Message, ...] = ()
    messages: int = 0
    conversations: int = 0
    said_at: datetime.datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.notices or self.messages)

    @property
    def newest(self) -> datetime.datetime | None:
        """When the newest of all came."""
        moments = [row.created_at for row in self.notices[:1]]
        return max([*moments, self.said_at] if self.said_at else moments, default=None)


def waiting(*, user: User, topics: Collection[Topic]) -> Waiting:
    """What is unread of these topics for `user`, who must be active; the number of queries depends on the kinds of
    cards alone.

    Muted conversations count only where he was mentioned. A notification about something that he may not see any
    more is left out. Somebody with several identities is told of all that he can act as: one letter, numbers alone.
    """
    if not user.is_active:
        return Waiting()
    mine = _unread(reach.policy().parties_of(user))
    heard = mine.filter(Q(muted=False) | Q(mention_seq__gt=F("read_seq")))
    notices = _notices(user, heard) if Topic.NOTICES in topics else ()
    if Topic.MESSAGES not in topics:
        return Waiting(notices)
    rows = (
        heard.exclude(conversation__kind=Conversation.Kind.SYSTEM)
        .with_unread()
        .only_those("unread")
    )
    # `unread` is annotated by with_unread().
    found = list(rows.values_list("unread", "conversation__last_at"))  # type: ignore[misc]
    return Waiting(
        notices,
        messages=sum(unread for unread, _at in found),
        conversations=len(found),
        said_at=max((at for _unread, at in found), default=None),
    )


def _unread(parties: Iterable[Party]) -> ParticipantQuerySet:
    """Memberships in which there may be something new."""
    found = Participant.objects.none()
    for party in parties:
        rows = Participant.objects.of(party).filter(conversation__last_seq__gt=F("read_seq"))
        found = found | rows.exclude(conversation_id__in=closed_to(party))
    return found


def _notices(user: User, heard: ParticipantQuerySet) -> tuple[Message, ...]:
    rows = Message.objects.filter(
        conversation__kind=Conversation.Kind.SYSTEM,
        conversation__participants__in=heard,
        seq__gt=F("conversation__participants__read_seq"),
        recalled_at=None,
    )
    found = list(rows.order_by("-seq")[:NOTICES_MAX])
    asked = defaultdict(set)
    for row in found:
        if row.card_ref.isdecimal():
            asked[row.card_kind].add(int(row.card_ref))
    seen = {kind: _readable(kind, user, refs) for kind, refs in asked.items()}
    return tuple(
        row
        for row in found
        if not row.card_kind
        or (row.card_ref.isdecimal() and int(row.card_ref) in seen[row.card_kind])
    )


def _readable(kind: str, user: User, refs: set[int]) -> set[int]:
    """Which of these cards `user` may open now, asked of whoever draws them; none of a kind that nobody draws."""
    path = settings.IM_CARD_READERS.get(kind)
    found: set[int] = import_string(path)(user, refs) if path else set()
    return found
