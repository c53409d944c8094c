"""Who asks, and the one way to a contact: through the rule (SPEC VIS-1; matrix rows 16 to 28)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.views.guards import person, staff_only
from contacts.permissions import Role, Viewer, role_on, viewer_of
from contacts.selectors import tree
from contacts.selectors.cards import Card, card
from contacts.selectors.merging import survivor_of
from contacts.services.shared import missing
from contacts.tables import number
from core.errors import Denied, Hidden
from core.fetching import instance
from orgs.models import Node
from orgs.views.guards import scope

__all__ = [
    "followed",
    "follows_card",
    "load",
    "load_level",
    "load_node",
    "on_contact",
    "person",
    "staff_only",
    "viewer",
]

P = ParamSpec("P")
CardView = Callable[Concatenate[HttpRequest, Card, P], HttpResponse]


def viewer(request: HttpRequest) -> Viewer:
    """What the rule needs to know of who is logged in, read once per request."""
    known: Viewer | None = getattr(request, "contacts_viewer", None)
    if known is None:
        known = viewer_of(request.user, scope=scope(request))
        request.contacts_viewer = known  # type: ignore[attr-defined]  # ours, for this request alone
    return known


def load(
    request: HttpRequest, contact_id: int, needs: Role = Role.VIEWER, *, say_why: bool = False
) -> Card:
    """The card of a contact; raises Hidden like for a missing one, or Denied with a reason where `say_why`."""
    found = card(viewer(request), contact_id)
    if found is None or (found.role < needs and not say_why and found.role != Role.MAINTAINER):
        raise missing()
    if found.role < needs:
        raise Denied(
            _("Only those who maintain the main dimension of this contact can do this")
            if found.role == Role.MAINTAINER
            else _("You can see this contact, but not change it. Ask its follower or a maintainer")
        )
    return found


def load_node(request: HttpRequest, node_id: int) -> Node:
    """A node that leads to somebody the viewer sees, or in which he may work; raises Hidden for any other."""
    node = instance(Node, "id = %s", [node_id])
    if node is None or not _known(viewer(request), node):
        raise no_place()
    return node


def _known(mine: Viewer, node: Node) -> bool:
    return (
        mine.scope.maintains(node.dimension_id)
        or (node.live and mine.scope.ranges_over(node.path))
        or tree.leads_to_somebody(mine, node)
    )


def no_place() -> Hidden:
    """The one answer for a node that is not there and for one that must not be known of."""
    return Hidden(_("There is no such organization or department."))


def load_level(request: HttpRequest, node_id: int, **which: Any) -> tuple[Node, tree.Level]:
    """A node as `load_node` gives it, and what tree_level(`which`) says of the level below.

    A child that leads to somebody proves that the node does, so that only an empty level asks for the node itself.
    """
    node = instance(Node, "id = %s", [node_id])
    if node is None:
        raise no_place()
    mine = viewer(request)
    level = tree.tree_level(mine, node, **which)
    if not level.branches and not _known(mine, node):
        raise no_place()
    return node, level


def on_contact(
    needs: Role = Role.VIEWER, *, say_why: bool = False
) -> Callable[[CardView[P]], Callable[..., HttpResponse]]:
    """Turns the `pk` of the address into the card for staff who are at least `needs` to it."""

    def decorate(view: CardView[P]) -> Callable[..., HttpResponse]:
        @staff_only
        @wraps(view)
        def loaded(
            request: HttpRequest, /, pk: int, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            try:
                found = load(request, pk, needs, say_why=say_why)
            except Hidden:
                return followed(request, pk=pk)
            return view(request, found, *args, **kwargs)

        return loaded

    return decorate


def followed(request: HttpRequest, **named: int) -> HttpResponse:
    """From the address of a contact that was merged away to the same page of the survivor, for those who see that one;
    raises Hidden for everything else. `named` is how the address calls the contact.
    """
    ((key, former_id),) = named.items()
    match, survivor = request.resolver_match, _survivor(request, former_id)
    if survivor is None or match is None:
        raise missing()
    path = reverse(match.view_name, kwargs={**match.kwargs, key: survivor})
    query = request.GET.urlencode()
    return redirect(f"{path}?{query}" if query else path)


def _survivor(request: HttpRequest, former_id: int | None) -> int | None:
    if former_id is None or request.method not in ("GET", "HEAD"):
        return None
    found = survivor_of(former_id)
    return found if found and role_on(viewer(request), found) > Role.NONE else None


def follows_card(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """The same for a list beside which the card of a merged contact is asked for (?c=…)."""

    @wraps(view)
    def following(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        request: Any = args[0]
        try:
            return view(*args, **kwargs)
        except Hidden:
            survivor = _survivor(request, number(request.GET.get("c", "")))
            if survivor is None:
                raise
            query = request.GET.copy()
            query["c"] = str(survivor)
            return redirect(f"{request.path}?{query.urlencode()}")

    return following
