"""What a card about an account that expires shows, and to whom it offers what (SPEC ACC-4)."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.expiry import CARD
from contacts.models import ExpiryNotice
from core.models import AuditEntry
from core.ui import Fact, Text

if TYPE_CHECKING:
    from accounts.models import User
    from contacts.selectors.cards import Card

YEAR = datetime.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class ExpiryCard:
    """The card as one person sees it now."""

    notice: ExpiryNotice
    card: Card
    state: str
    """"open", "expired", "renewed" or "closed"."""
    may_renew: bool
    done_by: str
    done_at: datetime.datetime | None
    mark: str
    error: Text = ""
    field_error: Text = ""
    value: str = ""

    @property
    def live(self) -> str:
        """The word under which it hears of changes."""
        return f"card:{CARD}:{self.card.contact.pk}"

    @property
    def look(self) -> str:
        """Changes when the card does."""
        seen = (self.card.contact.expires_at, self.state, self.may_renew, self.done_by)
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:10]

    @property
    def facts(self) -> list[Fact]:
        """The end that was announced, and the one that holds now."""
        until = self.card.contact.expires_at
        facts = [Fact(_("Valid until"), day(self.notice.expires_at))]
        if self.state == "renewed":
            facts.append(Fact(_("Now until"), day(until) if until else _("Without end")))
        return facts


def day(moment: datetime.datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}"


def card(notice: ExpiryNotice, found: Card, user: User, **said: Any) -> ExpiryCard:
    """The card of a notice about a contact whose account `user` may see; one query more where it is done."""
    state = _state(notice, found)
    entry = _done(notice) if state in ("renewed", "closed") else None
    who = entry.actor_label.partition("（")[0] if entry else ""
    return ExpiryCard(
        notice=notice,
        card=found,
        state=state,
        may_renew=found.allowed.manage and state in ("open", "expired"),
        done_by=_("You") if entry and entry.actor_id == str(user.pk) else who,
        done_at=entry.at if entry else None,
        mark=secrets.token_hex(3),
        **({"value": day(max(notice.expires_at, timezone.now()) + YEAR)} | said),
    )


def _state(notice: ExpiryNotice, found: Card) -> str:
    contact = found.contact
    if contact.user_id is None:
        return "closed"
    if contact.expires_at != notice.expires_at:
        return "renewed"
    return "open" if notice.expires_at > timezone.now() else "expired"


def _done(notice: ExpiryNotice) -> AuditEntry | None:
    """Who changed it, as the trail has it."""
    rows = AuditEntry.objects.filter(
        object_type="contacts.contact", object_id=str(notice.contact_id), at__gte=notice.created_at,
        action__in=("account.expiry", "account.close"),
    )  # fmt: skip
    return rows.order_by("-at", "-pk").first()
