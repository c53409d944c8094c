"""The areas of a card: 基本信息, 权限设置 and 共享, 账号信息, 变更记录, each refused here, not only hidden (CON-3)."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from contacts import tables, vocabulary
from contacts.permissions import Role
from contacts.selectors import cards
from contacts.selectors.cards import Card
from contacts.selectors.identities import knows_login, offer_about
from contacts.services.shared import missing
from contacts.views.guards import person
from core.text import mask_email, mask_mobile
from orgs.models import Source


def area(request: HttpRequest, card: Card, tab: str) -> dict[str, Any]:
    """Context and template of one area; raises Hidden for one that is closed to the viewer (matrix rows 19, 20)."""
    open_ = {
        "basic": True,
        "rights": card.allowed.rights,
        "account": card.allowed.account,
        "history": card.allowed.history,
    }
    if not open_[tab]:
        raise missing()
    found = {"basic": _basic, "rights": _rights, "account": _account, "history": _history}[tab]
    return {"tab": tab, "area_template": f"contacts/partials/_{tab}.html", **found(request, card)}


def _basic(request: HttpRequest, card: Card) -> dict[str, Any]:
    contact = card.contact
    return {
        "masks": [
            ("mobile", _("Mobile"), mask_mobile(contact.mobile)),
            ("email", _("E-mail"), mask_email(contact.email)),
        ],
        "may_reveal": card.allowed.reveal,
        "reach_facts": tables.reach_facts(contact),
        "job_facts": tables.job_facts(card),
        "places": card.places,
        "may_place": card.allowed.manage,
        "card_tags": list(contact.tags.all()),
        "origin_url": _origin_url(card),
    }


def _origin_url(card: Card) -> str:
    """Where an app above says what a synchronized contact comes from, for maintainers; empty without that app."""
    contact = card.contact
    if card.role < Role.MAINTAINER or not (contact.source == Source.WECOM or contact.kept):
        return ""
    try:
        return reverse("wecom_sync:contact-origin", args=[contact.pk])
    except NoReverseMatch:
        return ""


def _rights(request: HttpRequest, card: Card) -> dict[str, Any]:
    return {
        "rights": cards.rights(card.contact),
        "may_share": card.allowed.share,
        "me": f"p{person(request).pk}",
        "add_staff": _picker(card, "contacts:staff-add", _("Choose whom this person may see")),
        "add_viewers": _picker(card, "contacts:share-add", _("Share: may see"), "view"),
        "add_editors": _picker(card, "contacts:share-add", _("Share: may edit"), "edit"),
    }


def _picker(card: Card, name: str, title: str, *args: str) -> str:
    """The chooser of people and departments, which posts to the named address."""
    action = reverse(name, args=[card.contact.pk, *args])
    query = {"kind": "both", "name": "people", "title": title, "action": action}
    return f"{reverse('accounts:picker')}?{urlencode(query)}"


def _account(request: HttpRequest, card: Card) -> dict[str, Any]:
    account = cards.account(card.contact, person(request))
    if card.allowed.read_only:
        # First credentials and the panel are the reader's own, not those of the person he looks through.
        return {"account": replace(account, issue=None)}
    return {
        "account": account,
        "panel_url": _panel_url(card),
        **_question(request, card),
        "account_actions": tables.account_actions(card, locked=account.locked_until is not None),
    }


def _question(request: HttpRequest, card: Card) -> dict[str, Any]:
    """What the person behind the contact is asked now; the login is named to those who maintain it as well."""
    contact = card.contact
    found = offer_about(contact) if card.allowed.manage and contact.user_id is None else None
    if found is None:
        return {}
    login = found.user.username if knows_login(person(request), found) else ""
    return {"question": found, "question_login": login}


def _panel_url(card: Card) -> str:
    """Where the app above draws the state of the account; "" without that app."""
    try:
        return reverse("approvals:account-panel", args=[card.contact.pk])
    except NoReverseMatch:
        return ""


def _history(request: HttpRequest, card: Card) -> dict[str, Any]:
    before = tables.number(request.GET.get("before", ""))
    found = cards.history(card.contact, before_id=before)
    entries = found[: cards.HISTORY]
    return {
        "entries": [
            {
                "entry": entry,
                "action": vocabulary.action_label(entry.action),
                "changes": vocabulary.changed_fields(entry.before, entry.after),
            }
            for entry in entries
        ],
        "older": entries[-1].pk if len(found) > cards.HISTORY else 0,
    }
