"""Messages: sending, read marks, recall (SPEC IM-1, IM-2)."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Conflict, Denied, Hidden, Invalid, Throttled
from im import jobs, selectors
from im.bodies import EVERYONE, MAX_BODY, clean_body
from im.live import telling
from im.models import Conversation, Message, Participant, Topic
from im.parts import listeners, part_of
from im.services.reminding import remind
from im.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accounts.models import User
    from im.selectors import Seat

RECALL_WITHIN: Final = datetime.timedelta(minutes=2)
RATE_WINDOW: Final = datetime.timedelta(minutes=1)
RATE_LIMIT: Final = 60
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,40}")


@dataclass(frozen=True, slots=True)
class Said:
    """A message, and the seat from which it was said."""

    message: Message
    seat: Seat


@transaction.atomic
def send(
    *, conversation_id: int, body: str, client_id: str, by: User, mentions: Iterable[int] = ()
) -> Said:
    """Says `body` in a conversation of `by` and marks it read for him up to there.

    `mentions`: logins that the words may name with @; those that are no other members of a group are dropped. EVERYONE
    among them, from staff, names all of them.

    The same `client_id` with the same words gives the message that was sent the first time. The right is asked for anew
    with every message (SPEC IM-2, SECURITY T54).
    Raises Hidden (not a member), Denied (read-only now), Invalid (nothing said, more than 5,000 characters, bad
    `client_id`), Conflict (`client_id` was used for other words), Throttled (more than 60 messages a minute).
    """
    text = _checked_body(body)
    seat, sent = begin(conversation_id=conversation_id, client_id=client_id, by=by)
    if sent is not None:
        return Said(repeated(sent, by=by, same=sent.body == text), seat)
    named = _mentioned(seat, set(mentions) - {by.pk})
    message = append(
        seat.me, client_id=client_id, by=by, to=seat.listeners, body=text, mentions=sorted(named)
    )
    if named:
        seat.me.conversation.participants.filter(user_id__in=named).update(mention_seq=message.seq)
    return Said(message, seat)


def _mentioned(seat: Seat, user_ids: set[int]) -> set[int]:
    """Those of them that are other members of the group now; with EVERYONE itself where all are meant."""
    if seat.me.conversation.kind != Conversation.Kind.GROUP:
        return set()
    others = {row.user_id for row in seat.members if row.pk != seat.me.pk}
    everyone = {EVERYONE} & user_ids if seat.me.identity_id is None else set()
    return everyone | others if everyone else others & user_ids


def begin(*, conversation_id: int, client_id: str, by: User) -> tuple[Seat, Message | None]:
    """Locks the conversation for one more message of `by`: whatever is said, a text or a file, passes here.

    Returns his seat, and the message that was sent under this `client_id` before; then nothing else was asked.
    Raises Hidden (not a member), Denied (read-only now), Invalid (bad `client_id`), Throttled.
    """
    check_client_id(client_id)
    seat = selectors.seat(conversation_id=conversation_id, user=by, lock=True)
    conversation = seat.me.conversation
    sent = Message.objects.filter(conversation=conversation, client_id=client_id).first()
    if sent is None:
        if not (by.is_active and seat.writable):
            raise Denied(_("This conversation is read-only now."), code="read_only")
        _check_rate(conversation, by=by)
    elif sent.sender_id == by.pk:
        # Whoever asks again may have been cut off after the commit, before anybody was told.
        telling.conversation(conversation, "message", seat.listeners)
    return seat, sent


def check_client_id(client_id: str) -> None:
    """Raises Invalid for a name that no page of ours gave."""
    if not _CLIENT_ID.fullmatch(client_id):
        raise Invalid(_("The page is out of date. Reload it and send again."), field="client_id")


def append(
    me: Participant, *, client_id: str, by: User, to: Sequence[Participant], **said: Any
) -> Message:
    """Puts what `by` says at the end of his conversation, which is locked, read for him up to there.

    `to`: its members who may know (im.parts.listeners).
    """
    conversation = me.conversation
    conversation.last_seq += 1
    conversation.last_at = timezone.now()
    conversation.save(update_fields=["last_seq", "last_at"])
    message = Message.objects.create(
        conversation=conversation,
        seq=conversation.last_seq,
        sender=by,
        sender_identity_id=me.identity_id,
        client_id=client_id,
        words=words_of(said.get("body", ""), said.get("attachment")),
        **said,
    )
    Participant.objects.filter(pk=me.pk).read_up_to(message.seq)
    telling.conversation(conversation, "message", to)
    if not message.event:
        loud = [row for row in to if not row.muted or row.user_id in message.mentions]
        remind([row.user_id for row in loud if row.pk != me.pk], topic=Topic.MESSAGES)
    return message


def _checked_body(body: str) -> str:
    text = clean_body(body)
    if not text:
        raise Invalid(_("Write something first."), field="body")
    if len(text) > MAX_BODY:
        raise Invalid(
            _("A message holds at most %(limit)s characters, this one has %(length)s.")
            % {"limit": f"{MAX_BODY:,}", "length": f"{len(text):,}"},
            field="body",
        )
    return text


def repeated(sent: Message, *, by: User, same: bool) -> Message:
    """The message sent before, provided that nothing would be lost by saying so. Raises Conflict."""
    if sent.sender_id == by.pk and (same or sent.recalled_at):
        return sent
    raise Conflict(
        _("The message before this one had arrived. Send again to send these words too."),
        code="client_id",
    )


def _check_rate(conversation: Conversation, *, by: User) -> None:
    recent = Message.objects.filter(
        conversation=conversation,
        seq__gt=conversation.last_seq
        - 2 * RATE_LIMIT,  # keeps the count on the index, however long the thread
        sender=by,
        created_at__gt=timezone.now() - RATE_WINDOW,
    )
    if recent.count() >= RATE_LIMIT:
        raise Throttled(
            _("Too many messages at once. Wait a minute and send again."), retry_after=60
        )


@transaction.atomic
def mark_read(*, conversation_id: int, seq: int, by: User) -> bool:
    """Notes that `by` has seen everything up to `seq`; False when that was known, or when he may not see it.

    Raises Hidden for non-members.
    """
    me = selectors.membership(conversation_id=conversation_id, user=by)
    moved = Participant.objects.filter(pk=me.pk).read_up_to(min(seq, part_of(me).upto))
    if moved:
        telling.read(me)
    return bool(moved)


@transaction.atomic
def recall(*, conversation_id: int, seq: int, by: User) -> Message:
    """Takes an own message back within two minutes: its words or its file are gone for good (SPEC IM-1).

    Raises Hidden (no such message in a conversation of `by`), Denied (not his, an event, or too late).
    """
    me = selectors.membership(conversation_id=conversation_id, user=by)
    rows = Message.objects.select_for_update().within(part_of(me))
    message = rows.filter(seq=seq).first()
    if message is None:
        raise Hidden(_("There is no such message."))
    if message.sender_id != by.pk or message.event:
        raise Denied(_("Only your own messages can be recalled."))
    if message.recalled_at:
        return message
    now = timezone.now()
    if message.created_at < now - RECALL_WITHIN:
        raise Denied(_("A message can be recalled within two minutes, not later."), code="too_late")
    mentioned, message.mentions = message.mentions, []
    if message.attachment_id is not None:
        jobs.forget(message.attachment_id)
    message.body, message.words, message.attachment, message.recalled_at = "", "", None, now
    message.save(update_fields=["body", "words", "mentions", "attachment", "recalled_at"])
    _unmention(message, mentioned)
    telling.conversation(me.conversation, "recall", listeners(me.conversation))
    return message


def _unmention(message: Message, user_ids: Iterable[int]) -> None:
    """Whoever was mentioned last here was mentioned last in an earlier message now."""
    rows = Participant.objects.filter(
        conversation_id=message.conversation_id, user_id__in=user_ids, mention_seq=message.seq
    )
    for row in rows:
        earlier = Message.objects.filter(
            conversation_id=message.conversation_id, seq__gt=row.read_seq, seq__lt=message.seq,
            mentions__contains=[row.user_id],
        )  # fmt: skip
        last = earlier.aggregate(last=Max("seq"))["last"] or 0
        Participant.objects.filter(pk=row.pk, mention_seq=message.seq).update(mention_seq=last)
