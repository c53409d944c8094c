"""Writing: conversations, messages, read marks, notifications (SPEC section 7).

Messages and read marks have no audit rows: a message is itself the record of who said what when, nobody but its sender
changes it, and the trail must not become a second copy of private talk. What a notification is about was audited where
it happened. Locks are taken in one order: conversation (by id), then membership.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.errors import Conflict, Denied, Hidden, Invalid, Throttled
from core.text import clean
from im import reach, selectors
from im.bodies import MAX_BODY, MAX_TITLE, clean_body
from im.models import Conversation, Message, Participant
from im.reach import Party

if TYPE_CHECKING:
    from collections.abc import Iterable

RECALL_WITHIN: Final = datetime.timedelta(minutes=2)
RATE_WINDOW: Final = datetime.timedelta(minutes=1)
RATE_LIMIT: Final = 60
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,40}")
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
def send(*, conversation_id: int, body: str, client_id: str, by: User) -> Message:
    """Says `body` in a conversation of `by` and marks it read for him up to there.

    The same `client_id` with the same words gives the message that was sent the first time. The right is asked for anew
    with every message (SPEC IM-2, SECURITY T54).
    Raises Hidden (not a member), Denied (read-only now), Invalid (nothing said, more than 5,000 characters, bad
    `client_id`), Conflict (`client_id` was used for other words), Throttled (more than 60 messages a minute).
    """
    me = selectors.membership(conversation_id=conversation_id, user=by)
    text = _checked_body(body)
    if not _CLIENT_ID.fullmatch(client_id):
        raise Invalid(_("The page is out of date. Reload it and send again."), field="client_id")
    rows = Conversation.objects.select_for_update(no_key=True)
    conversation = rows.filter(pk=conversation_id).first()
    if conversation is None:  # it became part of another one meanwhile (im.identities)
        raise Hidden(_("There is no such conversation."))
    sent = Message.objects.filter(conversation=conversation, client_id=client_id).first()
    if sent is not None:
        return _same(sent, by=by, text=text)
    _check_writable(conversation, me=me, by=by)
    _check_rate(conversation, by=by)
    conversation.last_seq += 1
    conversation.last_at = timezone.now()
    conversation.save(update_fields=["last_seq", "last_at"])
    message = Message.objects.create(
        conversation=conversation,
        seq=conversation.last_seq,
        sender=by,
        client_id=client_id,
        body=text,
    )
    Participant.objects.filter(pk=me.pk).read_up_to(message.seq)
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


def _same(sent: Message, *, by: User, text: str) -> Message:
    """The message sent before, provided that nothing would be lost by saying so."""
    if sent.sender_id == by.pk and (sent.body == text or sent.recalled_at):
        return sent
    raise Conflict(
        _("The message before this one had arrived. Send again to send these words too."),
        code="client_id",
    )


def _check_writable(conversation: Conversation, *, me: Participant, by: User) -> None:
    other = selectors.others([conversation.pk], user_id=by.pk).get(conversation.pk)
    direct = conversation.kind == Conversation.Kind.DIRECT
    if (
        by.is_active
        and direct
        and other
        and selectors.may_write(selectors.party_of_participant(me), other)
    ):
        return
    raise Denied(_("This conversation is read-only now."), code="read_only")


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
    """Notes that `by` has seen everything up to `seq`; False when that was known. Raises Hidden for non-members."""
    me = selectors.membership(conversation_id=conversation_id, user=by)
    return bool(Participant.objects.filter(pk=me.pk).read_up_to(min(seq, me.conversation.last_seq)))


@transaction.atomic
def recall(*, conversation_id: int, seq: int, by: User) -> Message:
    """Takes an own message back within two minutes: its words are gone for good (SPEC IM-1).

    Raises Hidden (no such message in a conversation of `by`), Denied (not his, or too late).
    """
    selectors.membership(conversation_id=conversation_id, user=by)
    rows = Message.objects.select_for_update().filter(conversation_id=conversation_id, seq=seq)
    message = rows.first()
    if message is None:
        raise Hidden(_("There is no such message."))
    if message.sender_id != by.pk:
        raise Denied(_("Only your own messages can be recalled."))
    if message.recalled_at:
        return message
    now = timezone.now()
    if message.created_at < now - RECALL_WITHIN:
        raise Denied(_("A message can be recalled within two minutes, not later."), code="too_late")
    message.body, message.recalled_at = "", now
    message.save(update_fields=["body", "recalled_at"])
    return message


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
    return me


@transaction.atomic
def notify(
    *, user_ids: Iterable[int], card_kind: str, card_ref: str, body: str, dedupe_key: str
) -> int:
    """Puts one notification into the system conversation of each of these people; returns how many are new.

    `card_kind` is a key of settings.IM_CARDS (or "" for plain words) and `card_ref` the id its page takes: the card is
    fetched, and permitted, whenever it is looked at (SECURITY T58). `body` is a short title without personal data.
    Inactive people are skipped; `dedupe_key` makes the call safe to repeat. The number of queries does not grow with
    the people. It locks their system conversations until the transaction ends: call it once, last.
    Raises ValueError for a card that nobody draws.
    """
    if card_kind and card_kind not in settings.IM_CARDS:
        raise ValueError(f"{card_kind} is not in settings.IM_CARDS")
    people = User.objects.filter(pk__in=set(user_ids)).active().values_list("pk", flat=True)
    waiting = _system_conversations(sorted(people))
    client_id = _dedupe_id(dedupe_key)
    known = Message.objects.filter(conversation_id__in=waiting, client_id=client_id)
    done = set(known.values_list("conversation_id", flat=True))
    rows = [
        Message(
            conversation_id=pk, seq=seq + 1, client_id=client_id, body=clean(body, MAX_TITLE),
            card_kind=card_kind, card_ref=card_ref,
        )
        for pk, seq in waiting.items()
        if pk not in done
    ]  # fmt: skip
    new = [row.conversation_id for row in rows]
    Conversation.objects.filter(pk__in=new).update(
        last_seq=F("last_seq") + 1, last_at=timezone.now()
    )
    Message.objects.bulk_create(rows, batch_size=1000)
    return len(rows)


def _system_conversations(user_ids: list[int]) -> dict[int, int]:
    """Locks the system conversation of each of these people, made where there is none; last sequence by id."""
    keys = {f"system:{pk}": pk for pk in user_ids}
    there = set(Conversation.objects.filter(key__in=keys).values_list("key", flat=True))
    missing = [key for key in keys if key not in there]
    if missing:
        Conversation.objects.bulk_create(
            [Conversation(key=key, kind=Conversation.Kind.SYSTEM) for key in missing],
            ignore_conflicts=True,
        )
    # Somebody else may have made it a moment ago: ask again; locked in the order of ids two never wait in a ring.
    rows = Conversation.objects.select_for_update(no_key=True).filter(key__in=keys).order_by("pk")
    found = list(rows.values_list("pk", "key", "last_seq"))
    if missing:
        Participant.objects.bulk_create(
            [
                Participant(conversation_id=pk, user_id=keys[key])
                for pk, key, _seq in found
                if key in set(missing)
            ],
            ignore_conflicts=True,
        )
    return {pk: seq for pk, _key, seq in found}


def _dedupe_id(key: str) -> str:
    return key if len(key) <= 40 else hashlib.sha256(key.encode()).hexdigest()[:40]
