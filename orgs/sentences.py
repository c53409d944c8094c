"""Sentences of the tab 维护者与可见范围 and of a move: results with numbers, rules, who gains and who loses."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orgs.models import Node
from orgs.selectors import ranges
from orgs.selectors.ranges import Grant, MoveEffect, Overview

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
    """Who gains and who loses sight when a node moves."""
    lines = []
    if effect.gains:
        lines.append(_("Will see it from now on: %(who)s") % {"who": _holders(effect.gains)})
    if effect.loses:
        lines.append(_("Will not see it any more: %(who)s") % {"who": _holders(effect.loses)})
    if not lines:
        lines.append(_("Nobody gains or loses sight through visible ranges"))
    if effect.other_dimension:
        lines.append(_("The maintainers of the other dimension take over"))
    return lines


def _holders(grants: list[ranges.Grant]) -> str:
    labels = [
        _("%(name)s (%(count)s people)") % {"name": grant.label, "count": grant.people}
        if grant.kind == ranges.DEPARTMENT
        else grant.label
        for grant in grants[:8]
    ]
    more = len(grants) - len(labels)
    text = _(", ").join(labels)
    return _("%(who)s and %(count)s more") % {"who": text, "count": more} if more else text


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
