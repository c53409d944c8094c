"""The tab 维护者与可见范围 (SPEC ORG-9, matrix rows 28 to 30)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Department, User
from accounts.selectors import picked
from core import htmx
from core.errors import Invalid
from core.ui import Column
from orgs import sentences
from orgs.counting import preview
from orgs.models import Node
from orgs.permissions import require_dimension_management
from orgs.selectors import ranges
from orgs.services import grants
from orgs.views.frame import node_page, url_of
from orgs.views.guards import on_node, person, scope

WHAT = frozenset({"range", "staff", "maintainer"})


@require_safe
@on_node
def tab(request: HttpRequest, node: Node) -> HttpResponse:
    """Who sees and maintains this node, where it comes from, and the result in one sentence."""
    found = ranges.overview(node)
    is_dimension = node.kind == Node.Kind.DIMENSION
    context = {
        "overview": found,
        "sentence": sentences.result(node, found),
        "several": len(sentences.distinct(found.ranges)) > 1,
        "always": sentences.always(found),
        "columns": _columns(),
        "is_dimension": is_dimension,
        "may_appoint": is_dimension and scope(request).everything,
        "add_range_url": _picker(node, "range", _("Add to the visible range")),
        "add_staff_url": _picker(node, "staff", _("Add visible staff")),
        "add_maintainer_url": _picker(node, "maintainer", _("Appoint maintainers")),
        "why_url": _people_picker(url_of(node, "node-why"), _("Who should be checked?")),
        "dimension_url": reverse("orgs:node-ranges", args=[node.dimension_id]),
        "dimension_name": node.get_root().name if node.parent_id else node.name,
    }
    return node_page(
        request, node, tab="ranges", tab_template="orgs/partials/_ranges.html", context=context
    )


def _columns() -> list[Column]:
    return [
        Column(_("Person or department")),
        Column(_("Number of people"), css="c-n"),
        Column(_("Comes from")),
        Column(_("Set by")),
        Column(_("Actions"), css="c-op", hidden=True),
    ]


def _picker(node: Node, what: str, title: str) -> str:
    action = url_of(node, "node-grant", what)
    query = {"kind": "both", "name": "holders", "title": title, "action": action}
    return f"{reverse('accounts:picker')}?{urlencode(query)}"


def _people_picker(action: str, title: str) -> str:
    query = {"kind": "person", "multiple": 0, "name": "person", "title": title, "action": action}
    return f"{reverse('accounts:picker')}?{urlencode(query)}"


def _allowed(request: HttpRequest, what: str) -> None:
    if what not in WHAT:
        raise Http404
    if what == "maintainer":
        require_dimension_management(by=person(request))


@require_POST
@on_node
def grant(request: HttpRequest, node: Node, what: str) -> HttpResponse:
    """Gives the chosen people and departments a visible range, visible staff, or the maintenance."""
    _allowed(request, what)
    try:
        chosen = picked(request.POST.getlist("holders"))
        holders: list[User | Department] = [*chosen.users, *chosen.departments]
        added = grants.give(by=person(request), node=node, what=what, holders=holders)
    except Invalid as error:
        messages.error(request, str(error))
    else:
        said = ngettext("%(count)s was added", "%(count)s were added", added)
        messages.success(request, said % {"count": added})
    return htmx.done(request, url_of(node, "node-ranges"))


@require_POST
@on_node
def revoke(request: HttpRequest, node: Node, what: str) -> HttpResponse:
    """Takes one of these rights away again."""
    _allowed(request, what)
    to = _holder(request.POST.get("holder", ""))
    if to and grants.take(by=person(request), node=node, what=what, holder=to):
        messages.success(request, _("“%(name)s” was removed") % {"name": to.name})
    return htmx.done(request, url_of(node, "node-ranges"))


def _holder(key: str) -> User | Department | None:
    """ "person:12" or "department:3"; inactive people too, so that their rights can be taken away."""
    kind, _colon, number = key.partition(":")
    tables: dict[str, Any] = {
        "person": User.objects.staff(),
        "department": Department.objects.all(),
    }
    if kind not in tables or not number.isdecimal() or len(number) > 18:
        return None
    found: User | Department | None = tables[kind].filter(pk=int(number)).first()
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@on_node
def why(request: HttpRequest, node: Node) -> HttpResponse:
    """Whether one person sees this node, and by which rules. Changes nothing."""
    chosen = (request.POST or request.GET).get("person", "")
    user = None
    if chosen.isdecimal() and len(chosen) < 19:
        user = User.objects.staff().filter(pk=int(chosen)).first()
    if user is None:
        return htmx.done(request, url_of(node, "node-ranges"))
    answer = ranges.why_visible(node, user)
    context = {
        "node": node,
        "user_name": user.name,
        "answer": answer,
        "lines": [sentences.rule(*rule) for rule in answer.rules],
        "people": preview(user, node),
        "back_url": url_of(node, "node-ranges"),
    }
    return htmx.page(request, "orgs/why_page.html", "orgs/partials/_why.html", context)
