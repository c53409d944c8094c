"""When two identities of the directory turn out to be one person, their conversations become those of one (CON-4)."""

from __future__ import annotations

from django.db import connection, transaction

from im.models import Conversation, Message, Participant
from im.reach import Party

# Both threads in order of time, numbered anew; through negative numbers, so that none meets another on the way.
RENUMBER = """
WITH ordered AS (
    SELECT id, row_number() OVER (ORDER BY created_at, id) AS n FROM im_message
    WHERE conversation_id IN (%(kept)s, %(gone)s))
UPDATE im_message m SET conversation_id = %(kept)s, seq = -o.n,
    client_id = CASE WHEN m.conversation_id = %(gone)s THEN 'moved-' || m.id ELSE m.client_id END
FROM ordered o WHERE o.id = m.id
"""
SETTLE = "UPDATE im_message SET seq = -seq WHERE conversation_id = %(kept)s AND seq < 0"
# Up to the first message of others that one of the two marks had not reached: nothing unread is lost.
UNREAD = """
SELECT p.user_id, min(m.created_at) FROM im_participant p JOIN im_message m ON m.conversation_id = p.conversation_id
WHERE p.conversation_id IN (%(kept)s, %(gone)s) AND m.seq > p.read_seq AND m.sender_id IS DISTINCT FROM p.user_id
GROUP BY p.user_id
"""


@transaction.atomic
def follow(*, former: int, now: int) -> list[int]:
    """Everything said with identity `former` belongs to identity `now`; returns the conversations that changed hands.

    Part of a merge, which checked the right and is what is audited. Locks them in order of id. Where the same two
    people have talked under both identities the two threads become one in order of time.
    """
    ids = Participant.objects.filter(identity_id=former).values("conversation_id")
    rows = Conversation.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    moved = []
    for conversation in list(rows):
        moved.append(conversation.pk)
        conversation.participants.filter(identity_id=former).update(identity_id=now)
        conversation.messages.filter(sender_identity_id=former).update(sender_identity_id=now)
        if conversation.kind == Conversation.Kind.GROUP:
            _rename_subjects(conversation, former, now)
        else:
            _rename(conversation)
    return moved


def _rename_subjects(group: Conversation, former: int, now: int) -> None:
    """Lines that say who was taken in or removed name him, too. Whether he still takes part in the group depends on
    the organization of the entry that stays (im.parts).
    """
    for message in group.messages.exclude(event__in=("", Message.Event.RENAMED)):
        parties = [Party.parse(text) for text in message.subjects]
        if any(one and one.identity_id == former for one in parties):
            message.subjects = [
                str(Party(one.user_id, now if one.identity_id == former else one.identity_id))
                for one in parties
                if one
            ]
            message.save(update_fields=["subjects"])


def _rename(conversation: Conversation) -> None:
    parties = sorted(
        (Party(row.user_id, row.identity_id) for row in conversation.participants.all()),
        key=lambda party: party.user_id,
    )
    key = "|".join(str(party) for party in parties)
    other = Conversation.objects.select_for_update(no_key=True).filter(key=key).first()
    if other is None:
        conversation.key = key
        conversation.save(update_fields=["key"])
    elif other.pk != conversation.pk:
        _join(kept=other, gone=conversation)


def _join(*, kept: Conversation, gone: Conversation) -> None:
    values = {"kept": kept.pk, "gone": gone.pk}
    with connection.cursor() as cursor:
        cursor.execute(UNREAD, values)
        unread = dict(cursor.fetchall())
        cursor.execute(RENUMBER, values)
        cursor.execute(SETTLE, values)
    kept.last_seq = kept.messages.count()
    kept.last_at = max(kept.last_at, gone.last_at)
    kept.save(update_fields=["last_seq", "last_at"])
    for row in kept.participants.all():
        since = unread.get(row.user_id)
        read = kept.messages.filter(created_at__lt=since).count() if since else kept.last_seq
        Participant.objects.filter(pk=row.pk).update(read_seq=read)
    gone.delete()
