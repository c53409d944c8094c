"""The only way to conversations: through the party that takes part in them (SECURITY matrix rows 49 to 51)."""

from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Count, F, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

if TYPE_CHECKING:
    from im.models import Message, Participant  # noqa: F401 - named in the base classes
    from im.reach import Party


class ParticipantQuerySet(models.QuerySet["Participant"]):
    """Chainable reads of memberships."""

    def of(self, party: "Party") -> Self:
        """Memberships of this party. Another identity of the login stays apart; notifications belong to the login; a
        group that was left opens no more.
        """
        own = Q(identity_id=party.identity_id) | Q(conversation__kind="system")
        return self.filter(own, user_id=party.user_id, left_at=None)

    def shown(self, *, current_id: int | None = None) -> Self:
        """Without conversations in which nothing was said yet, save the one that is open."""
        return self.filter(Q(conversation__last_seq__gt=0) | Q(conversation_id=current_id))

    def with_unread(self) -> Self:
        """Adds `unread`: messages of others after the read mark, recalled ones not counted."""
        messages: Any = apps.get_model("im", "Message")
        rows = (
            messages.objects.filter(
                conversation_id=OuterRef("conversation_id"),
                seq__gt=OuterRef("read_seq"),
                recalled_at=None,
            )
            .exclude(sender_id=OuterRef("user_id"))
            .order_by()
            .values("conversation_id")
        )
        count = Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
        return self.annotate(unread=Coalesce(count, 0))

    def unread_only(self) -> Self:
        """Those of `with_unread` where something waits."""
        return self.with_unread().filter(Q(unread__gt=0))

    def listed(self) -> Self:
        """Pinned first, then the newest."""
        return self.select_related("conversation").order_by(
            "-pinned", "-conversation__last_at", "-conversation_id"
        )

    def read_up_to(self, seq: int) -> int:
        """Moves read marks forward, never back; returns how many moved."""
        return self.filter(read_seq__lt=seq).update(read_seq=seq)


class MessageQuerySet(models.QuerySet["Message"]):
    """Chainable reads of messages; the conversation was reached through a membership."""

    def last_of(self, conversation_ids: list[int]) -> Self:
        """The newest message of each of these conversations."""
        last = self.filter(conversation_id__in=conversation_ids, seq=F("conversation__last_seq"))
        return last.select_related("attachment")
