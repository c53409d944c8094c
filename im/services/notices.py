"""Notifications: messages in the conversation with the system (SPEC IM-4)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from core.text import clean
from im.bodies import MAX_TITLE
from im.live import telling
from im.models import Conversation, Message, Participant, Topic
from im.services.reminding import remind
from im.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable


@transaction.atomic
def notify(
    *, user_ids: Iterable[int], card_kind: str, card_ref: str, body: str, dedupe_key: str
) -> int:
    """Puts one notification into the system conversation of each of these people; returns how many are new.

    `card_kind` is a key of settings.IM_CARDS (or "" for plain words) and `card_ref` the id its page takes: the card is
    fetched, and permitted, whenever it is looked at (SECURITY T58). `body` is a short title without personal data.
    Inactive people are skipped; `dedupe_key` makes the call safe to repeat. The number of queries does not grow with
    the people. It locks their system conversations and reminders until the transaction ends: call it once, last.
    Raises ValueError for a card that nobody draws.
    """
    if card_kind and card_kind not in settings.IM_CARDS:
        raise ValueError(f"{card_kind} is not in settings.IM_CARDS")
    people = User.objects.filter(pk__in=set(user_ids)).active().values_list("pk", flat=True)
    waiting, owners = _system_conversations(sorted(people))
    client_id = _dedupe_id(dedupe_key)
    known = Message.objects.filter(conversation_id__in=waiting, client_id=client_id)
    done = set(known.values_list("conversation_id", flat=True))
    title = clean(body, MAX_TITLE)
    rows = [
        Message(
            conversation_id=pk, seq=seq + 1, client_id=client_id, body=title, words=words_of(title),
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
    telling.notices({owners[row.conversation_id]: row for row in rows})
    if new:
        heard = Participant.objects.filter(conversation_id__in=new, muted=False)
        remind(heard.values("user_id"), topic=Topic.NOTICES)
    return len(rows)


def _system_conversations(user_ids: list[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Locks the system conversation of each of these people, made where there is none; last sequence, owner by id."""
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
    return {pk: seq for pk, _key, seq in found}, {pk: keys[key] for pk, key, _seq in found}


def _dedupe_id(key: str) -> str:
    return key if len(key) <= 40 else hashlib.sha256(key.encode()).hexdigest()[:40]
