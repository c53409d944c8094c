"""Two entries side by side, as the page that merges them shows them (SPEC CON-4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts import console_page, vocabulary
from contacts.models import Contact
from contacts.permissions import Viewer
from contacts.selectors import merging
from contacts.selectors.cards import Card, Rights, rights
from contacts.selectors.lists import photo_url
from contacts.selectors.places import known_places
from core.text import mask_email, mask_mobile
from core.ui import Action, Crumb, Fact
from core.vocabulary import WORDS


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the comparison. `same`: nothing to choose; `both` offers to keep both."""

    key: str
    label: str
    mine: str
    other: str
    pick: str
    same: bool
    both: bool = False
    mine_image: str = ""
    other_image: str = ""

    @property
    def name(self) -> str:
        return f"pick_{self.key}"


def url(contact: Contact, other: Contact | None = None) -> str:
    """The page for a pair, or the one that asks for the other."""
    address = reverse("contacts:console-merge", args=[contact.pk])
    return f"{address}?other={other.pk}" if other else address


def head(card: Card) -> dict[str, Any]:
    """Title and way of both pages."""
    contact = card.contact
    return {
        "contact": contact,
        "title": _("Merge “%(name)s” with another entry") % {"name": contact.name},
        "crumbs": [
            *console_page.crumbs(card), Crumb(contact.name, console_page.url(contact)), Crumb(_("Merge"))
        ],
        "back_url": console_page.url(contact),
        "action": url(contact),
    }  # fmt: skip


def choosing(viewer: Viewer, card: Card, q: str) -> dict[str, Any]:
    """Whom it may be: those with the same number, address or name, or what was searched."""
    found = merging.candidates(viewer, card.contact, q)
    places = known_places(viewer, [one.pk for one in found])
    people = [
        {
            "contact": one,
            "place": places[one.pk][0].place.line if places.get(one.pk) else "",
            "mobile": mask_mobile(one.mobile),
            "url": url(card.contact, one),
        }
        for one in found
    ]
    return {
        **head(card), "people": people, "q": q,
        "filter": {"action": url(card.contact), "q": q, "placeholder": _("Name, pinyin, mobile"), "id": "merge-q",
                   "reset_url": url(card.contact) if q else ""},
    }  # fmt: skip


def comparing(
    card: Card, other: Card, picks: Mapping[str, str], problem: str = ""
) -> dict[str, Any]:
    """The comparison, with what was chosen before a refusal."""
    mine, gone = card.contact, other.contact
    blocked = bool(mine.user_id and gone.user_id)
    return {
        **head(card),
        "other": gone,
        "known": _known(card, other),
        "choices": _choices(card, other, picks),
        "sums": _sums(card, other),
        "consequences": _consequences(mine, gone),
        "stamp": merging.stamp_of(mine, gone),
        "swap_url": url(gone, mine),
        "problem": problem,
        "accounts": [_account(one) for one in (mine, gone)] if blocked else [],
    }


def _account(contact: Contact) -> Action:
    label = _("Account of %(name)s (%(id)s)") % {"name": contact.name, "id": contact.pk}
    return Action(label, console_page.url(contact, "account"), "user")


def _known(card: Card, other: Card) -> list[tuple[str, str, str]]:
    """What tells the two apart and is not chosen: account, who made it and when."""
    sides = [(WORDS["account"][one.state].label, _made(one.contact)) for one in (card, other)]
    labels = (_("Account state"), _("Created by"))
    return [
        (label, str(mine), str(theirs)) for label, mine, theirs in zip(labels, *sides, strict=True)
    ]


def _made(contact: Contact) -> str:
    who = contact.created_by.name if contact.created_by else "–"
    return f"{who} · {localtime(contact.created_at):%Y-%m-%d}"


def _choices(card: Card, other: Card, picks: Mapping[str, str]) -> list[Choice]:
    mine, gone = card.contact, other.contact
    chosen = {**merging.proposal(mine, gone), **picks}
    found = []
    for key in merging.FIELDS:
        left, right = _shown(card, key), _shown(other, key)
        if not (left or right):
            continue
        same = merging.value_of(mine, key) == merging.value_of(gone, key)
        found.append(
            Choice(
                key, label(key), left, right, chosen[key], same=same,
                both=key == "remark" and bool(left and right) and not same,
                mine_image=photo_url(mine) if key == "avatar" else "",
                other_image=photo_url(gone) if key == "avatar" else "",
            )
        )  # fmt: skip
    return found


def label(key: str) -> str:
    """How a field is called here."""
    return _("Main place") if key == "main_node" else str(vocabulary.FIELDS[key])


def _shown(card: Card, key: str) -> str:
    contact = card.contact
    if key == "main_node":
        main = next((known for known in card.places if known.is_main), None)
        return main.place.path if main else ""
    if key == "name" and contact.reading:
        return f"{contact.name}（{contact.reading}）"
    special = {
        "mobile": mask_mobile(contact.mobile),
        "email": mask_email(contact.email),
        "gender": contact.get_gender_display() if contact.gender else "",
        "avatar": _("Picture") if contact.avatar else "",
    }
    if key in special:
        return str(special[key])
    value = getattr(contact, key)
    return "" if value is None else str(getattr(value, "name", value))


def _sums(card: Card, other: Card) -> list[Fact]:
    """What is added up."""
    names = dict.fromkeys(
        known.place.path for known in [*card.places, *other.places]
    )  # those he may know of
    tags = dict.fromkeys(
        tag.name for contact in (card.contact, other.contact) for tag in contact.tags.all()
    )
    shares, staff = _holders(rights(card.contact), rights(other.contact))
    return [
        Fact(_("Places"), _(", ").join(names), "wide"),
        Fact(_("Tags"), _(", ").join(tags)),
        Fact(_("Shared with"), _(", ").join(shares)),
        Fact(_("Staff the person may see"), _(", ").join(staff)),
    ]


def _holders(mine: Rights, gone: Rights) -> tuple[list[str], list[str]]:
    levels: dict[str, str] = {}
    for one in [*mine.shares, *gone.shares]:
        levels[one.label] = "edit" if "edit" in (one.level, levels.get(one.label)) else "view"
    words = {"view": _("View"), "edit": _("View and edit")}
    shares = [f"{name}（{words[level]}）" for name, level in levels.items()]
    return shares, list(dict.fromkeys(one.label for one in [*mine.staff, *gone.staff]))


def _consequences(mine: Contact, gone: Contact) -> list[str]:
    found = [
        _("Everybody who saw one of the two sees the remaining entry, with all its places"),
        _("Conversations, decided applications and the history go on with the remaining entry"),
    ]
    if gone.user_id:
        found.append(
            _("The external account goes on with the remaining entry; the log-in stays the same")
        )
    if gone.user_id and mine.live and not gone.live:
        found.append(_("The disabled entry's log-in works again: the remaining entry is enabled"))
    if gone.account == Contact.Account.PENDING:
        found.append(_("The pending application of the other entry lapses"))
    if mine.account == Contact.Account.PENDING and gone.user_id:
        found.append(_("The pending application is superseded by the account"))
    return [
        *found,
        _("The other entry goes into the bin for 30 days and cannot be restored beside this one"),
        _("Old addresses of the other entry lead to this one"),
    ]


def said(contact: Contact, gone: Contact, places: int) -> str:
    """After it is done."""
    text = ngettext(
        "“%(gone)s” was merged into “%(name)s”, which now stands in %(n)s place",
        "“%(gone)s” was merged into “%(name)s”, which now stands in %(n)s places",
        places,
    )
    return text % {"gone": gone.name, "name": contact.name, "n": places}
