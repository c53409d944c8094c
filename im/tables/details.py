"""Beside a thread: who takes part, what may be done; and the questions before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from im import reach, selectors
from im.tables.places import url
from im.tables.shared import SharedFiles, shared_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from im.reach import Card, Party, Target
    from im.selectors import Member, Thread
    from im.tables.places import Request


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who may be chosen; `there`: he is in the group already."""

    value: str
    name: str
    line: str
    external: bool
    there: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before a group is changed."""

    title: str
    text: str
    action: str
    submit: str
    back: str
    style: str = "danger"
    owner_only: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    """The pane beside a thread."""

    members: Sequence[Member]
    shared: SharedFiles | None
    """Not for notifications."""
    close_url: str
    may_change: bool
    """Staff, in a group that goes on: take people in, rename."""
    owns: bool
    """Its owner: remove, hand over, dissolve."""
    person: Member | None = None
    """One member of a group, instead of all this."""
    card_url: str = ""
    """Where the contact card is fetched; the answer decides whether it may be seen."""


def details(request: Request, thread: Thread, who: int = 0) -> Details:
    """What the pane shows and which buttons it has; the services decide again. `who`: one member of a group.

    Raises Hidden for somebody who is no member.
    """
    going = thread.is_group and not thread.conversation.ended_at
    person = selectors.member(thread, who) if who and thread.is_group else None
    party = person.party if person else thread.party
    return Details(
        members=selectors.roster(thread) if thread.is_group else [],
        shared=None if thread.is_notices else shared_files(thread, request.user),
        close_url=url(request, "thread", thread.conversation.pk),
        may_change=going and not request.user.is_external,
        owns=going and selectors.owns(thread),
        person=person,
        card_url=_card_url(party) if party and not request.user.is_external else "",
    )


def _card_url(party: Party) -> str:
    """The card of an external person in the app above (setting IM_BESIDE); "" for staff and without such an app."""
    if party.identity_id is None:
        return ""
    try:
        return reverse(settings.IM_BESIDE, args=[party.identity_id])
    except NoReverseMatch:
        return ""


def choices(targets: Iterable[Target], thread: Thread | None) -> list[Choice]:
    """Those whom a search found; members of the group are marked."""
    inside = {row.user_id for row in thread.members} if thread else set()
    return [
        Choice(str(one.party), one.name, one.line, one.external, one.party.user_id in inside)
        for one in targets
    ]


def chosen(me: Party, parties: Sequence[Party]) -> list[Choice]:
    """What was chosen before the form came back; those who cannot be chosen any more are left out."""
    there = reach.policy().reachable(me, parties) if parties else set()
    cards: dict[Party, Card] = dict(reach.policy().labels(there)) if there else {}
    return [
        Choice(str(one), cards[one].name, cards[one].line, cards[one].external)
        for one in parties
        if one in cards
    ]


def people_url(request: Request, thread: Thread | None) -> str:
    """Where people are looked for who may be chosen."""
    if thread is None:
        return url(request, "people")
    return url(request, "group-people", thread.conversation.pk)


def naming(request: Request, pk: int) -> Question:
    """The form for the name."""
    return Question(
        _("Name of the group"), "", url(request, "group-rename", pk), _("Save"),
        url(request, "details", pk), style="primary",
    )  # fmt: skip


def removal(request: Request, thread: Thread, member: Member) -> Question:
    """Before a member is taken out."""
    pk, name = thread.conversation.pk, {"name": member.card.name}
    return Question(
        _("Remove %(name)s from the group?") % name,
        _("The group and everything said in it is gone for this person."),
        url(request, "group-remove", pk, member.user_id), _("Remove %(name)s") % name,
        url(request, "details", pk), owner_only=True,
    )  # fmt: skip


def handing(request: Request, thread: Thread, member: Member) -> Question:
    """Before another one becomes the owner."""
    pk, name = thread.conversation.pk, {"name": member.card.name}
    return Question(
        _("Make %(name)s the owner of the group?") % name,
        _("Only the owner removes members, hands the group over or dissolves it."),
        url(request, "group-owner", pk, member.user_id), _("Make owner"),
        url(request, "details", pk), style="primary", owner_only=True,
    )  # fmt: skip


def leaving(request: Request, pk: int) -> Question:
    """Before one goes."""
    return Question(
        _("Leave the group?"),
        _("You no longer see it, nor what was said in it. Somebody in it can add you again."),
        url(request, "group-leave", pk), _("Leave the group"), url(request, "details", pk),
    )  # fmt: skip


def ending(request: Request, pk: int) -> Question:
    """Before the group ends."""
    return Question(
        _("Dissolve the group?"),
        _("Nobody can write in it any more. Its members can still read what was said."),
        url(request, "group-dissolve", pk), _("Dissolve the group"), url(request, "details", pk),
        owner_only=True,
    )  # fmt: skip
