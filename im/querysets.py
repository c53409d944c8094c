"""The only way to conversations: through the party that takes part in them (SECURITY matrix rows 49 to 51)."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce

if TYPE_CHECKING:
    from im.models import Message, Participant  # noqa: F401 - named in the base classes
    from im.parts import Part
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

    def with_unread(self, closed: Collection[int] = ()) -> Self:
        """Adds `unread`: messages of others after the read mark, without recalled ones and events of groups.

        In `closed` conversations there is none: they end at the read mark (im.parts).
        """
        messages: Any = apps.get_model("im", "Message")
        rows = (
            messages.objects.filter(
                conversation_id=OuterRef("conversation_id"),
                seq__gt=OuterRef("read_seq"),
                recalled_at=None,
                event="",
            )
            .exclude(sender_id=OuterRef("user_id"))
            .exclude(conversation_id__in=closed)
            .order_by()
            .values("conversation_id")
        )
        count = Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
        return self.annotate(unread=Coalesce(count, 0))

    def only_those(self, only: str, *, current_id: int | None = None) -> Self:
        """One of the filters of the list, after `with_unread`; all for anything else. What is open is read at once and
        stays among the unread ones while it is.
        """
        outside = self.model._default_manager.filter(
            conversation_id=OuterRef("conversation_id"), identity_id__isnull=False
        )
        filters = {
            "unread": Q(unread__gt=0) | Q(conversation_id=current_id),
            "notices": Q(conversation__kind="system"),
            "groups": Q(conversation__kind="group"),
            "external": Q(conversation__kind="group", conversation__organization_id__isnull=False)
            | Q(Q(conversation__kind="direct"), Exists(outside)),
        }
        return self.filter(filters.get(only, Q()))

    def listed(self, closed: Collection[int] = ()) -> Self:
        """Pinned first, then the newest. Adds `at`: when the last readable thing was said; conversations that are
        `closed` stand where they stood when they were read.
        """
        messages: Any = apps.get_model("im", "Message")
        last = messages.objects.filter(
            conversation_id=OuterRef("conversation_id"), seq=OuterRef("read_seq")
        ).values("created_at")
        at: Any = F("conversation__last_at")
        if closed:
            then = Coalesce(Subquery(last), F("conversation__created_at"))
            at = Case(When(conversation_id__in=closed, then=then), default=at)
        rows = self.annotate(at=at).select_related("conversation")
        return rows.order_by("-pinned", "-at", "-conversation_id")

    def read_up_to(self, seq: int) -> int:
        """Moves read marks forward, never back; returns how many moved."""
        return self.filter(read_seq__lt=seq).update(read_seq=seq)


class MessageQuerySet(models.QuerySet["Message"]):
    """Chainable reads of messages; the conversation was reached through a membership."""

    def within(self, part: "Part") -> Self:
        """Those of a conversation that a member may read."""
        return self.filter(
            conversation_id=part.conversation_id, seq__gt=part.after, seq__lte=part.upto
        )

    def last_of(self, parts: Iterable["Part"]) -> Self:
        """The newest message that may be read of each of these conversations."""
        parts = list(parts)
        last = Q(
            conversation_id__in=[one.conversation_id for one in parts if not one.closed],
            seq=F("conversation__last_seq"),
        )
        for one in parts:
            if one.closed and one.upto > one.after:
                last |= Q(conversation_id=one.conversation_id, seq=one.upto)
        return self.filter(last).select_related("attachment")
