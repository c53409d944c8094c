"""What the pages of one contact in the back office show around the areas of its card."""

import hashlib
from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from contacts import tables
from contacts.forms import AccountPartForm, ContactForm, PictureForm
from contacts.models import Contact
from contacts.permissions import Viewer
from contacts.selectors.cards import Card
from contacts.selectors.duplicates import Duplicates
from core.kept import is_kept
from core.ui import Action, Crumb, Pager, Tab
from orgs.models import Node
from orgs.selectors.levels import Standing, names_above, place

NAMES = {
    "basic": "contacts:console-contact",
    "rights": "contacts:console-rights",
    "account": "contacts:console-account",
    "history": "contacts:console-history",
}
# What differs from the card in the address book: these lead back into the back office.
OURS = {"contacts:delete": "contacts:console-delete"}


def url(contact: Contact, tab: str = "basic") -> str:
    """Address of one area."""
    return reverse(NAMES[tab], args=[contact.pk])


def page(card: Card, tab: str) -> dict[str, Any]:
    """Head and tabs."""
    contact = card.contact
    return {
        "card": card,
        "contact": contact,
        "title": contact.name,
        "crumbs": crumbs(card),
        "tags": _tags(card, tab),
        "facts": [line for line in tables.lines(card) if line],
        "tabs": tabs(contact, tab),
        "actions": [Action(_("Edit"), reverse("contacts:console-edit", args=[contact.pk]), "pencil")],
        "more": _menu(card),
        "tab": tab,
        "page_url": url(contact, tab),
    }  # fmt: skip


def _tags(card: Card, tab: str) -> list[tuple[str, str]]:
    """States beside the name; the area 账号信息 shows that of the account itself, and keeps it fresh."""
    found = [] if tab == "account" else [("account", card.state)]
    if not card.contact.enabled and card.state != "disabled":
        found.append(("node", "disabled"))
    return found


def tabs(contact: Contact, current: str) -> list[Tab]:
    """The areas."""
    labels = [
        ("basic", _("Basic information")), ("rights", _("Rights and sharing")),
        ("account", _("Account")), ("history", _("History")),
    ]  # fmt: skip
    return [Tab(label, url(contact, key), current=key == current) for key, label in labels]


def _menu(card: Card) -> list[Action]:
    """The menu of the card, with the addresses of the back office where it has its own."""
    ours = {
        reverse(theirs, args=[card.contact.pk]): reverse(mine, args=[card.contact.pk])
        for theirs, mine in OURS.items()
    }
    picture = tables.dialog(
        _("Change the picture"), "contacts:console-picture", card.contact, "photo"
    )
    menu = [replace(one, url=ours.get(one.url, one.url)) for one in tables.card_menu(card)]
    merge = reverse("contacts:console-merge", args=[card.contact.pk])
    more = [Action(_("Merge with another entry"), merge, "git-merge")] if menu else []
    return [picture, *more, *menu]


def crumbs(card: Card) -> list[Crumb]:
    """The way to the main place."""
    node = card.main.node if card.main else None
    if node is None:
        return [_root()]
    return [_root(), *_way(node, names_above([node]))]


def _root() -> Crumb:
    return Crumb(_("External organizations"), reverse("orgs:home"))


def _way(node: Standing, names: dict[int, str]) -> list[Crumb]:
    """The nodes from the dimension down to this one, each leading to its list."""
    return [
        Crumb(names.get(pk, ""), reverse("contacts:console-list", args=[pk]))
        for pk in node.ancestor_ids
    ]


def area(card: Card, tab: str, viewer: Viewer) -> dict[str, Any]:
    """What the area has here besides that of the card: actions in places, own log-in, paging of the history."""
    more = {"basic": _places, "account": _account}.get(tab)
    return {
        "area_template": f"contacts/console/_{tab}.html",
        **(more(card, viewer) if more else {}),
    }


def _places(card: Card, viewer: Viewer) -> dict[str, Any]:
    contact, manage, rows = card.contact, card.allowed.manage, []
    movable = manage and not is_kept(contact.kept, "place")
    for known in card.places:
        args = [contact.pk, known.node.pk]
        edit = Action(_("Edit"), reverse("contacts:console-place", args=args), dialog=True)
        remove = "" if known.is_main else reverse("contacts:membership-remove", args=args)
        may_lead = remove and movable and viewer.scope.maintains(known.node.dimension_id)
        main = reverse("contacts:membership-main", args=args) if may_lead else ""
        rows.append({"known": known, "edit": edit, "remove_url": remove, "main_url": main})
    add = tables.dialog(
        _("Add to another organization"), "contacts:membership-add", contact, "plus"
    )
    move = tables.dialog(_("Move to…"), "contacts:move", contact, "folder-symlink")
    actions = [add, move] if movable else [add] if manage else []
    return {"memberships": rows, "place_actions": actions}


def _account(card: Card, _viewer: Viewer) -> dict[str, Any]:
    """With an account, an own log-in can be set too."""
    found = tables.account_actions(card, locked=card.state == "locked")
    if found and card.contact.user_id is not None:
        own = tables.dialog(_("Set the log-in"), "contacts:console-credentials", card.contact, "id")
        found.insert(1, own)
    return {"account_actions": found}


def history_pager(contact: Contact, before: str, older: int) -> Pager:
    """Foot of the history, newest first."""
    first = url(contact, "history")
    return Pager(
        previous_url=first if before else "", next_url=f"{first}?before={older}" if older else ""
    )


def editing(
    card: Card, form: ContactForm, known: Duplicates | None, viewer: Viewer
) -> dict[str, Any]:
    """The form in the place of the area, with whoever may be the same person."""
    return {
        **duplicates(viewer, form, known),
        "editing": card.contact,
        "area_template": "contacts/console/_edit.html",
        "form": form,
        "form_action": reverse("contacts:console-edit", args=[card.contact.pk]),
        "back_url": url(card.contact),
        "actions": [],
        "more": [],
    }


def picture_dialog(contact: Contact, form: PictureForm) -> dict[str, Any]:
    """A picture to choose; an empty one takes the former away."""
    return {
        "form": form,
        "title": _("Picture of %(name)s") % {"name": contact.name},
        "multipart": True,
        "action": reverse("contacts:console-picture", args=[contact.pk]),
        "submit": _("Save"),
        "back_url": url(contact),
    }


def delete_question(contact: Contact) -> dict[str, Any]:
    """Asked before a contact goes into the bin."""
    consequences = [_("It can be restored from the bin for 30 days")]
    if contact.user_id:
        consequences.append(_("The external account is closed first; it does not come back"))
    if contact.account == Contact.Account.PENDING:
        consequences.append(_("A pending application lapses"))
    return {
        "title": _("Delete %(name)s?") % {"name": contact.name},
        "text": "",
        "consequences": consequences,
        "submit": _("Delete"),
        "style": "danger",
        "back_url": url(contact),
    }


# --- New contact ----------------------------------------------------------------------------------------------------


def duplicates(
    viewer: Viewer, form: ContactForm, known: Duplicates | None, node: Node | None = None
) -> dict[str, Any]:
    """Whoever may be the same person: `joinable` may get a further place in `node`, or be merged with; the others are
    maintained elsewhere and only named.
    """
    if known is None:
        return {"known": None}
    values = form.cleaned_data
    ids = [one.pk for one in known.visible]
    mine = Contact.objects.main_maintained_by(viewer).filter(pk__in=ids)
    return {
        "known": known,
        "joinable": list(mine.values_list("pk", flat=True)),
        "node": node,
        "key": fingerprint(values.get("mobile") or "", values.get("email") or ""),
    }


def new_page(node: Node, form: ContactForm, part: AccountPartForm) -> dict[str, Any]:
    """The form for a new contact in `node`."""
    names = names_above([node])
    above = place(node, names)
    return {
        "node": node,
        "title": _("New contact"),
        "crumbs": [_root(), *_way(node, names), Crumb(_("New contact"))],
        "lead": _("In “%(node)s”") % {"node": f"{above} / {node.name}" if above else node.name},
        "form": form,
        "part": part,
        "action": reverse("contacts:console-new", args=[node.pk]),
        "back_url": reverse("contacts:console-list", args=[node.pk]),
    }


def fingerprint(mobile: str, email: str) -> str:
    """Names the pair about which somebody said "a different person", so that another pair is asked about again."""
    return hashlib.sha256(f"{mobile}\n{email.lower()}".encode()).hexdigest()[:20]
