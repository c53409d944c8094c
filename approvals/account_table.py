"""What 账号信息 of a contact shows: state, course of the last application, what the viewer may do."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import latest_issue, locked_until
from approvals import selectors, tables
from approvals.models import Application
from contacts.models import Contact
from contacts.permissions import Allowed
from core.text import mask_email, mask_mobile
from core.ui import Fact


def account(contact: Contact, allowed: Allowed, me: User) -> dict[str, Any]:
    """The area for a viewer who may see it."""
    last = selectors.latest(contact)
    issue = latest_issue(user=contact.user, reader=me) if contact.user else None
    state = _state(contact)
    pending = last if last is not None and last.status == "pending" else None
    return {
        "contact": contact,
        "state": state,
        "last": last,
        "refused": last if last is not None and last.status == "refused" and state == "none" else None,
        "may_apply": allowed.apply and contact.account == Contact.Account.NONE and contact.live,
        "opens_directly": allowed.manage,
        "issue": issue,
        "facts": _facts(contact),
        "poll": tables.POLL if state in ("pending", "opening") else 0,
        "look": _look(contact, state, last, issue.state if issue else ""),
        **_progress(last, pending, me),
    }  # fmt: skip


def _state(contact: Contact) -> str:
    locked = bool(contact.user and locked_until([contact.user]))
    return "locked" if locked and contact.account_state == "active" else str(contact.account_state)


def _progress(last: Application | None, pending: Application | None, me: User) -> dict[str, Any]:
    own = pending is not None and pending.applicant_id == me.pk
    people = (
        selectors.asked(contact_id=pending.contact_id, applicant_id=pending.applicant_id)
        if pending is not None
        else []
    )
    return {
        "pending": pending,
        "may_withdraw": own,
        "may_remind": own and pending is not None and selectors.may_remind(pending),
        "steps": tables.steps(last, people) if last is not None else [],
    }


def _look(contact: Contact, state: str, last: Application | None, issue: str) -> str:
    about = f"{last.pk}.{last.status}.{last.reminded_at}" if last else ""
    return tables.look(contact.pk, contact.version, state, contact.enabled, about, issue)


def _facts(contact: Contact) -> list[Fact]:
    user = contact.user
    if user is None:
        return []
    return [
        Fact(_("Login name"), user.username),
        Fact(_("Opened on"), tables.clock(contact.opened_at)),
        Fact(_("Links and notices go to"), _reached(user)),
        Fact(_("Last log-in"), tables.clock(user.last_login)),
        Fact(_("Valid until"), tables.clock(contact.expires_at) or _("No end")),
    ]


def _reached(user: User) -> str:
    masked = (mask_email(user.email), mask_mobile(user.mobile))
    return " · ".join(filter(None, masked)) or _("No address is known")


def contact_facts(contact: Contact) -> list[Fact]:
    """About whom the application is."""
    return [
        Fact(_("Contact"), " · ".join(part for part in (contact.name, contact.position) if part)),
        Fact(_("Organization"), selectors.place_of(contact)),
        Fact(_("Mobile"), mask_mobile(contact.mobile)),
    ]
