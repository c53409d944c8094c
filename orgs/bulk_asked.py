"""Several organizations at once: what was chosen in the tab 下级组织, the question before it, the sentence after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import Conflict, Hidden, Invalid
from core.ui import Fact
from orgs import counting, sentences
from orgs.models import Node
from orgs.permissions import Scope
from orgs.selectors import below, effects
from orgs.selectors.below import Asked, number
from orgs.services.bulk import LIMIT
from orgs.services.grants import Holder

NAMED = 12


@dataclass(frozen=True, slots=True)
class Chosen:
    """The organizations that were ticked below `at`, or all that match, as they stand now."""

    at: Node
    asked: Asked
    nodes: list[Node]
    everything: bool

    @property
    def ids(self) -> list[int]:
        return [node.pk for node in self.nodes]

    @property
    def hidden(self) -> list[tuple[str, Any]]:
        """Fields that carry it through a dialog."""
        if self.everything:
            return [("all", "1"), ("n", len(self.nodes))]
        return [("ids", pk) for pk in self.ids]

    def address(self, action: str) -> str:
        """Where a chooser posts to, with the selection in the query."""
        query: dict[str, Any] = {"ids": ",".join(str(pk) for pk in self.ids)}
        if self.everything:
            query = {"all": "1", "n": len(self.nodes)}
        return f"{url(self.at, self.asked)}&{urlencode({**query, 'action': action})}"

    @property
    def list_url(self) -> str:
        base = reverse("orgs:node-organizations", args=[self.at.pk])
        return f"{base}?{self.asked.query()}"

    @property
    def names(self) -> str:
        """The first of them by name, and how many more."""
        text = _(", ").join(node.name for node in self.nodes[:NAMED])
        more = len(self.nodes) - NAMED
        return _("%(who)s and %(count)s more") % {"who": text, "count": more} if more > 0 else text


def url(node: Node, asked: Asked) -> str:
    """Where a selection is sent; the filters go along, for “all that match”."""
    return f"{reverse('orgs:node-bulk', args=[node.pk])}?{asked.query()}"


def chosen(request: HttpRequest, scope: Scope, node: Node) -> Chosen:
    """What was chosen. The service looks at the rights again, under the lock.

    Raises Hidden for one that is not maintained, Invalid for nothing or too much, Conflict when “all that match” are
    others than were shown.
    """
    asked = Asked.read(request.GET)
    everything = "1" in (request.POST.get("all"), request.GET.get("all"))
    found = _all(request, node, asked) if everything else _ticked(request, scope)
    if not found:
        raise Invalid(_("Choose at least one organization"))
    if len(found) > LIMIT:
        raise Invalid(_("At most %(limit)s organizations at once") % {"limit": LIMIT})
    return Chosen(node, asked, found, everything)


def _all(request: HttpRequest, node: Node, asked: Asked) -> list[Node]:
    rows = below.rows(node, kind=Node.Kind.ORGANIZATION, asked=asked).select_related("parent")
    found = list(rows[: LIMIT + 1])
    expected = request.POST.get("n") or request.GET.get("n")
    if expected and expected != str(len(found)):
        raise Conflict(_("The list has changed meanwhile. Choose again"))
    return found


def _ticked(request: HttpRequest, scope: Scope) -> list[Node]:
    given = [*request.POST.getlist("ids"), *request.GET.get("ids", "").split(",")]
    ids = {pk for text in given if (pk := number(text)) is not None}
    rows = Node.objects.in_maintained(scope).filter(kind=Node.Kind.ORGANIZATION, pk__in=ids)
    found = list(rows.select_related("parent").order_by("sort_key", "id")[: LIMIT + 1])
    if len(found) < min(len(ids), LIMIT + 1):
        raise Hidden(_("There is no such organization or department."))
    return found


# --- Questions ------------------------------------------------------------------------------------------------------


def question(picked: Chosen, action: str, **more: Any) -> dict[str, Any]:
    """What every question about a selection has."""
    return {
        "style": "primary",
        "text": picked.names,
        "facts_css": "kv-n mb-3",
        **more,
        "action": url(picked.at, picked.asked),
        "hidden": [
            ("action", action), ("confirmed", "1"), *picked.hidden, *more.get("hidden", ())
        ],
        "back_url": picked.list_url,
    }  # fmt: skip


def moving(picked: Chosen, target: Node, hints: Sequence[str]) -> dict[str, Any]:
    """Who gains and who loses sight when they go under `target`; `hints` where the worker does it."""
    n = len(picked.nodes)
    title = ngettext(
        "Move %(n)s organization under “%(parent)s”?",
        "Move %(n)s organizations under “%(parent)s”?",
        n,
    )
    return question(
        picked, "move", title=title % {"n": n, "parent": target.name}, submit=_("Move"),
        consequences=[
            *(hints or [_("All of them move, or none.")]),
            _("Everything below them moves along."),
            *sentences.move(effects.move_effect(picked.nodes, target)),
        ],
        hidden=[("node", target.pk)],
    )  # fmt: skip


def enabling(picked: Chosen, hints: Sequence[str]) -> dict[str, Any]:
    """What comes back; `hints` where the worker does it."""
    n = len(picked.nodes)
    title = ngettext("Enable %(n)s organization?", "Enable %(n)s organizations?", n) % {"n": n}
    hint = _("Everything below that is not disabled itself counts again.")
    return question(picked, "enable", title=title, submit=_("Enable"), consequences=[*hints, hint])


def disabling(picked: Chosen, hints: Sequence[str]) -> dict[str, Any]:
    """What falls silent, with the numbers of all of it; `hints` where the worker does it."""
    n = len(picked.nodes)
    title = ngettext("Disable %(n)s organization?", "Disable %(n)s organizations?", n) % {"n": n}
    vanishes = _(
        "They and everything below them disappear from the address book of staff and from choosers"
    )
    impact = sentences.disabling(
        effects.live_below(picked.nodes), counting.impact(picked.nodes), vanishes
    )
    impact["consequences"] = [*hints, *impact["consequences"]]
    return question(
        picked, "disable", **impact, title=title, submit=_("Disable"), style="danger"
    )  # fmt: skip


def tagging(picked: Chosen, form: Any, *, take: bool) -> dict[str, Any]:
    """Which tags."""
    n = len(picked.nodes)
    title = (
        ngettext("Remove tags from %(n)s organization", "Remove tags from %(n)s organizations", n)
        if take
        else ngettext("Add tags to %(n)s organization", "Add tags to %(n)s organizations", n)
    )
    submit = _("Remove tags") if take else _("Add tags")
    action = "untag" if take else "tag"
    return question(picked, action, title=title % {"n": n}, form=form, submit=submit)


def ranging(
    picked: Chosen, holders: Sequence[Holder], values: Sequence[str], *, take: bool
) -> dict[str, Any]:
    """Whose visible range."""
    n = len(picked.nodes)
    title = (
        ngettext(
            "Take visible range from %(n)s organization?",
            "Take visible range from %(n)s organizations?",
            n,
        )
        if take
        else ngettext(
            "Give visible range on %(n)s organization?",
            "Give visible range on %(n)s organizations?",
            n,
        )
    )
    hint = (
        _("Only what is set on these organizations goes; what is inherited from above stays")
        if take
        else _(
            "It holds for everything below too. A department means all departments below it as well"
        )
    )
    names = _(", ").join(one.name for one in holders)
    return question(
        picked, "range-remove" if take else "range-add", title=title % {"n": n},
        style="danger" if take else "primary", submit=_("Remove") if take else _("Add"),
        facts=[Fact(_("Person or department"), names)], facts_css="mb-3", consequences=[hint],
        hidden=[("holders", value) for value in values],
    )  # fmt: skip


# --- Afterwards -----------------------------------------------------------------------------------------------------


def moved(n: int, target: Node) -> str:
    """How many stand there now."""
    text = ngettext(
        "%(n)s organization now stands under “%(parent)s”",
        "%(n)s organizations now stand under “%(parent)s”",
        n,
    )
    return text % {"n": n, "parent": target.name}


def switched(n: int, *, enabled: bool) -> str:
    """How many are enabled or disabled."""
    text = (
        ngettext("%(n)s organization is enabled", "%(n)s organizations are enabled", n)
        if enabled
        else ngettext("%(n)s organization is disabled", "%(n)s organizations are disabled", n)
    )
    return text % {"n": n}


def tagged(n: int) -> str:
    """How many carry other tags."""
    text = ngettext(
        "The tags of %(n)s organization changed", "The tags of %(n)s organizations changed", n
    )
    return text % {"n": n}


def ranged(n: int) -> str:
    """How many are seen by others."""
    text = ngettext(
        "The visible range of %(n)s organization changed",
        "The visible range of %(n)s organizations changed",
        n,
    )
    return text % {"n": n}
