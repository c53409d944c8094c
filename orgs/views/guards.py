"""Who may open a page at all, and how a node is reached: through the maintained ones, everything else is missing."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.permissions import require_admin
from accounts.views.guards import person
from core.errors import Denied, Hidden
from core.text import clean
from orgs.models import Node
from orgs.permissions import Scope, require_dimension_management, scope_of

__all__ = [
    "administrators_only", "asked", "everything_only", "load", "maintainers_only", "on_branch",
    "on_node", "person", "scope",
]  # fmt: skip

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
NodeView = Callable[Concatenate[HttpRequest, Node, P], HttpResponse]


def scope(request: HttpRequest) -> Scope:
    """The scope of who is logged in, read once per request."""
    known: Scope | None = getattr(request, "orgs_scope", None)
    if known is None:
        known = scope_of(request.user)
        request.orgs_scope = known  # type: ignore[attr-defined]  # ours, for this request alone
    return known


def asked(request: HttpRequest) -> str:
    """What is searched for, without what cannot be seen or stored."""
    return clean(request.GET.get("q", ""), 100)


def _refuse_external(request: HttpRequest) -> None:
    if person(request).is_external:
        raise Hidden(_("Not found"))


def maintainers_only(view: View[P]) -> View[P]:
    """For whoever maintains something; other staff read why not (403), external people get 404."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        _refuse_external(request)
        if not scope(request).maintains_any:
            raise Denied(
                _(
                    "Only maintainers work here. A holder of external directory maintenance can appoint you."
                )
            )
        return view(request, *args, **kwargs)

    return guarded


def everything_only(view: View[P]) -> View[P]:
    """For administrators and holders (matrix rows 10, 30)."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        _refuse_external(request)
        require_dimension_management(by=person(request))
        return view(request, *args, **kwargs)

    return guarded


def administrators_only(view: View[P]) -> View[P]:
    """For system administrators (matrix row 58)."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        _refuse_external(request)
        require_admin(person(request))
        return view(request, *args, **kwargs)

    return guarded


def load(request: HttpRequest, node_id: int) -> Node:
    """A node of a dimension that who is logged in maintains; raises Hidden for any other (matrix rows 9, 11 to 15)."""
    rows = Node.objects.in_maintained(scope(request)).select_related("parent")
    node: Node | None = rows.filter(pk=node_id).first()
    if node is None:
        raise Hidden(_("There is no such organization or department."))
    return node


def on_node(view: NodeView[P]) -> Callable[..., HttpResponse]:
    """Turns the `node_id` of the address into the node, or answers 404."""

    @wraps(view)
    def loaded(
        request: HttpRequest, /, node_id: int, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        return view(request, load(request, node_id), *args, **kwargs)

    return loaded


def on_branch(view: NodeView[P]) -> Callable[..., HttpResponse]:
    """As `on_node`, for organizations and departments alone: dimensions have pages of their own."""

    @wraps(view)
    def loaded(
        request: HttpRequest, /, node_id: int, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        node = load(request, node_id)
        if node.kind == Node.Kind.DIMENSION:
            raise Hidden(_("There is no such organization or department."))
        return view(request, node, *args, **kwargs)

    return loaded
