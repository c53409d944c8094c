"""Sentences of the tab 维护者与可见范围 and of the questions before a change: results with numbers, rules, who gains
and who loses, what falls silent.
"""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.ui import Fact
from orgs.counting import Impact
from orgs.models import Node
from orgs.selectors import ranges
from orgs.selectors.effects import Below, MoveEffect
from orgs.selectors.ranges import Grant, Overview

LISTED = 4


def result(node: Node, found: Overview) -> str:
    """The result in one sentence with numbers; departments first, largest first."""
    departments = distinct([grant for grant in found.ranges if grant.kind == ranges.DEPARTMENT])
    people = distinct([grant for grant in found.ranges if grant.kind == ranges.PERSON])
    parts = [
        ngettext("%(name)s %(count)s person", "%(name)s %(count)s people", grant.people)
        % {"name": grant.label, "count": grant.people}
        for grant in departments[:LISTED]
    ]
    if len(departments) > LISTED:
        parts[-1] = _("%(last)s and %(count)s more departments") % {
            "last": parts[-1], "count": len(departments) - LISTED,
        }  # fmt: skip
    if people:
        parts.append(
            ngettext("%(count)s named person", "%(count)s named people", len(people))
            % {"count": len(people)}
        )
    if not parts:
        return _("Nobody sees it through a visible range")
    *first, last = parts
    who = (
        _("%(first)s and %(last)s") % {"first": _(", ").join(first), "last": last}
        if first
        else last
    )
    if node.kind == Node.Kind.DIMENSION:
        return _("%(who)s can see this dimension") % {"who": who}
    if node.kind == Node.Kind.ORGANIZATION:
        return _("%(who)s can see this organization") % {"who": who}
    return _("%(who)s can see this department") % {"who": who}


def distinct(found: list[Grant]) -> list[Grant]:
    """Each holder once, however many nodes above give it to him."""
    return list({(grant.kind, grant.id): grant for grant in found}.values())


def always(found: Overview) -> str:
    if not found.always:
        return ""
    return ngettext(
        "Besides, %(count)s maintainer or administrator always sees it and is not counted here.",
        "Besides, %(count)s maintainers and administrators always see it and are not counted here.",
        found.always,
    ) % {"count": found.always}


def move(effect: MoveEffect) -> list[str]:
    """Who gains and who loses sight when something moves (SECURITY T21)."""
    lines = []
    if effect.silent:
        lines.append(_("The new place is disabled: staff no longer see it there"))
    if effect.gains:
        said = _("Will see it from now on: %(who)s; %(count)s")
        lines.append(said % {"who": _holders(effect.gains), "count": _staff(effect.gained)})
    if effect.loses:
        said = _("Will not see it any more: %(who)s; %(count)s")
        lines.append(said % {"who": _holders(effect.loses), "count": _staff(effect.lost)})
    if not lines:
        lines.append(_("Nobody gains or loses sight through visible ranges"))
    if effect.other_dimension:
        lines.append(_("The maintainers of the other dimension take over"))
    if effect.shown:
        said = _("External people there will see in the portal: %(who)s")
        lines.append(said % {"who": _holders(effect.shown)})
    if effect.unshown:
        said = _("External people there will no longer see in the portal: %(who)s")
        lines.append(said % {"who": _holders(effect.unshown)})
    return lines


def _staff(count: int) -> str:
    """How many people a gain or loss really concerns."""
    if not count:
        return _("nobody in fact, for other reasons they see it anyway")
    return ngettext("%(count)s member of staff", "%(count)s members of staff", count) % {
        "count": count
    }


def _holders(grants: list[Grant]) -> str:
    labels = [
        _("%(name)s (%(count)s people)") % {"name": grant.label, "count": grant.people}
        if grant.kind == ranges.DEPARTMENT
        else grant.label
        for grant in grants[:8]
    ]
    more = len(grants) - len(labels)
    text = _(", ").join(labels)
    return _("%(who)s and %(count)s more") % {"who": text, "count": more} if more else text


def below(organizations: int, departments: int, contacts: int | None) -> list[Fact]:
    """What stands below, in numbers; `contacts` None where nothing keeps them."""
    facts = [Fact(_("Organizations"), organizations), Fact(_("Departments"), departments)]
    return facts if contacts is None else [*facts, Fact(_("Contacts"), contacts)]


def disabling(silent: Below, people: Impact | None, vanishes: str) -> dict[str, Any]:
    """What disabling touches, for a question; `vanishes` says what staff no longer see (SPEC ORG-6)."""
    consequences = [
        vanishes,
        _("External accounts that stand nowhere else cannot log in, and their sessions end at once"),
        _("Nothing is lost: enabling brings all of it back"),
    ]  # fmt: skip
    return {"facts": _touched(silent, people), "consequences": consequences}


def _touched(silent: Below, people: Impact | None) -> list[Fact]:
    facts = below(silent.organizations, silent.departments, None)
    if people is None:
        return facts
    return [
        *facts,
        Fact(_("Contacts that stand nowhere else"), _capped(people.contacts, people.cap)),
        Fact(_("Accounts that cannot log in any more"), _capped(people.accounts, people.cap)),
        Fact(_("Sessions that end at once"), people.sessions),
    ]


def _capped(number: int, cap: int) -> str:
    return _("more than %(count)s") % {"count": cap} if number > cap else str(number)


def rule(key: str, name: str, through: str) -> str:
    """One rule of ranges.Why in words."""
    plain = {
        "administrator": _("System administrators see everything"),
        "holder": _("Holders of external directory maintenance see everything"),
        "inactive": _("The person is disabled and sees nothing"),
        "external": _("External people never see the directory"),
        "disabled": _("The node or one above it is disabled: only maintainers see it"),
        "none": _(
            "No visible range on this node or above it holds the person or a department of his"
        ),
    }
    if key in plain:
        return plain[key]
    if key == "maintainer":
        said = (
            _("Maintainer of %(name)s")
            if not through
            else _("Maintainer of %(name)s through %(through)s")
        )
    else:
        said = (
            _("Visible range of %(name)s")
            if not through
            else _("Visible range of %(name)s through %(through)s")
        )
    return said % {"name": name, "through": through}
