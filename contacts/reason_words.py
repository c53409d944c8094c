"""The rules by which somebody sees a contact, in words, with the page where each can be changed (SPEC VIS-3)."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.models import Contact
from contacts.permissions import Viewer
from contacts.selectors.reasons import Answer, Reason, SeenBy
from contacts.tables import Here


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, and where what it says can be changed; `url` is "" where the reader may not go there."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """One of those who see the contact, with the rules in a few words."""

    user: User
    reasons: str
    ask_url: str


def lines(reader: Viewer, answer: Answer, contact: Contact) -> list[Line]:
    """What to say under "sees" or "does not see"."""
    user, who = answer.user, {"who": answer.user.name}
    if answer.visible:
        return [
            Line(sentence(one, user), _url(reader, one, user, contact)) for one in answer.reasons
        ]
    if not user.is_active:
        return [Line(_("%(who)s is disabled and sees nobody") % who)]
    if contact.deleted_at:
        return [Line(_("The contact is in the bin"))]
    if answer.blocked:
        return [
            Line(
                _("%(rule)s, but %(obstacle)s")
                % {"rule": sentence(one, user), "obstacle": _obstacle(one, contact)},
                _obstacle_url(one) or _url(reader, one, user, contact),
            )
            for one in answer.blocked
        ]
    nothing = _(
        "%(who)s neither created nor follows this contact, it is not shared with %(who)s, and no visible range"
        " at or above its place holds %(who)s or a department of %(who)s"
    )
    near = [
        Line(_("The visible range that %(who)s has nearby is “%(node)s”") % {**who, "node": path})
        for path in answer.near
    ]
    return [Line(nothing % who, Here().url(card_id=contact.pk, tab="rights")), *near]


def people(found: SeenBy, contact: Contact) -> list[Person]:
    """The lines of the list "who sees this contact"."""
    page = reverse("contacts:why", args=[contact.pk])
    return [
        Person(
            user,
            _(", ").join(dict.fromkeys(label(one) for one in reasons)),
            f"{page}?person={user.pk}",
        )
        for user, reasons in found.people
    ]


def sentence(reason: Reason, user: User) -> str:
    """One rule as a whole sentence about `user`."""
    values = {"who": user.name, "name": reason.department, "node": reason.path}
    if reason.elsewhere:
        return _("%(who)s has a right in another dimension") % values
    by_department = bool(reason.department)
    return {
        "administrator": _("%(who)s is a system administrator and sees everything"),
        "holder": _("%(who)s holds external directory maintenance and sees everything"),
        "creator": _("%(who)s created this contact"),
        "follower": _("%(who)s is the follower"),
        "edit_contact": _("It is shared with the department “%(name)s” of %(who)s for editing")
        if by_department
        else _("It is shared with %(who)s for editing"),
        "view_contact": _("It is shared with the department “%(name)s” of %(who)s")
        if by_department
        else _("It is shared with %(who)s"),
        "view_node": _("The visible range of “%(node)s” holds the department “%(name)s” of %(who)s")
        if by_department
        else _("The visible range of “%(node)s” holds %(who)s"),
        "maintain_node": _("The department “%(name)s” of %(who)s maintains “%(node)s”")
        if by_department
        else _("%(who)s maintains “%(node)s”"),
    }[reason.kind] % values


def label(reason: Reason) -> str:
    """One rule in a few words, for lists."""
    if reason.elsewhere:
        return _("another dimension")
    words = {
        "administrator": _("system administrator"), "holder": _("External directory maintenance"),
        "creator": _("creator"), "follower": _("follower"), "edit_contact": _("shared for editing"),
        "view_contact": _("shared"), "view_node": _("visible range of “%(node)s”"),
        "maintain_node": _("maintainer of “%(node)s”"),
    }[reason.kind] % {"node": reason.path}  # fmt: skip
    if not reason.department:
        return words
    return _("%(rule)s (%(department)s)") % {"rule": words, "department": reason.department}


def _obstacle(reason: Reason, contact: Contact) -> str:
    if not contact.enabled:
        return _("the contact is disabled")
    if reason.obstacle is None:
        return _("all places of the contact are disabled")
    return _("“%(node)s” is disabled") % {"node": reason.obstacle.name}


def _obstacle_url(reason: Reason) -> str:
    return reverse("orgs:node", args=[reason.obstacle.pk]) if reason.obstacle else ""


def _url(reader: Viewer, reason: Reason, user: User, contact: Contact) -> str:
    if reason.node is not None:
        return reverse("orgs:node-ranges", args=[reason.node.pk])
    if reason.kind in ("edit_contact", "view_contact"):
        return Here().url(card_id=contact.pk, tab="rights")
    if reason.kind in ("creator", "follower"):
        return Here().url(card_id=contact.pk)
    if reason.kind in ("holder", "administrator") and reader.scope.administrator:
        return reverse("accounts:staff-page", args=[user.pk])
    return ""
