"""Back office: other systems that put items into 个人待办, and their tokens (matrix row 43)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import htmx
from core.ui import Action, Column, Crumb, Secret
from orgs.views.asking import ask, attempt, form_dialog
from portal import permissions, selectors
from portal.forms import NewSystemForm, SystemForm
from portal.models import TodoSystem
from portal.services import systems as services
from portal.views.guards import person

EDITABLE = ("GET", "HEAD", "POST")


@require_safe
def systems(request: HttpRequest) -> HttpResponse:
    """Every system with its hosts and open items."""
    permissions.require_registry(person(request))
    new = Action(
        _("New system"), reverse("portal-console:system-new"), "plus", "primary", dialog=True
    )
    context = {
        "rows": selectors.systems(),
        "columns": [
            Column(_("System")), Column(_("State")), Column(_("Hosts of links")), Column(_("Open items"), css="c-n"),
            Column(_("Token since")), Column(_("Actions"), css="c-op", hidden=True),
        ],
        "crumbs": [Crumb(_("Administration")), Crumb(_("External portal"))],
        "actions": [new],
    }  # fmt: skip
    return htmx.page(request, "portal/systems.html", "portal/partials/_systems.html", context)


def _shown_once(request: HttpRequest, system: TodoSystem, token: str) -> HttpResponse:
    context = {
        "title": _("Token of “%(name)s”") % {"name": system.name},
        "secrets": [Secret(_("Token"), token)],
        "file_name": "todo-token.txt",
        "hints": [
            _("It cannot be shown again. If it is lost or became known, make a new one."),
            _("Whoever has it puts items into the to-do lists of external people."),
        ],
        "done_url": reverse("portal-console:systems"),
    }
    fragment = htmx.is_fragment(request)
    template = "components/credentials_dialog.html" if fragment else "portal/token.html"
    response = render(request, template, context)
    response["Cache-Control"] = "no-store"
    return htmx.trigger(response, refresh="#systems") if fragment else response


@require_http_methods(EDITABLE)
def new(request: HttpRequest) -> HttpResponse:
    """A new system; its token is shown this one time."""
    permissions.require_registry(person(request))
    form = NewSystemForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form, lambda: services.create_system(by=person(request), **form.cleaned_data)
        )
        if made is not None:
            return _shown_once(request, *made)
    title, back = _("New system"), reverse("portal-console:systems")
    return form_dialog(request, form, title=title, submit=_("Create"), back_url=back)


@require_http_methods(EDITABLE)
def edit(request: HttpRequest, system_id: int) -> HttpResponse:
    """Name, hosts, enabled."""
    permissions.require_registry(person(request))
    row = get_object_or_404(TodoSystem, pk=system_id)
    start = {"name": row.name, "hosts": "\n".join(row.hosts), "enabled": row.enabled}
    form = SystemForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if attempt(
            form, lambda: services.edit_system(by=person(request), system_id=system_id, **given)
        ):
            messages.success(request, _("Saved"))
            return htmx.done(request, reverse("portal-console:systems"))
    title, back = _("Edit %(name)s") % {"name": row.name}, reverse("portal-console:systems")
    return form_dialog(request, form, title=title, submit=_("Save"), back_url=back)


@require_http_methods(EDITABLE)
def roll(request: HttpRequest, system_id: int) -> HttpResponse:
    """Asks and makes a new token."""
    permissions.require_registry(person(request))
    row = get_object_or_404(TodoSystem, pk=system_id)
    if request.method == "POST":
        return _shown_once(request, *services.roll_token(by=person(request), system_id=system_id))
    question = {
        "title": _("Make a new token for “%(name)s”?") % {"name": row.name},
        "text": _("The old one is refused at once: the other system cannot put items until it has the new one."),
        "submit": _("Make a new token"), "style": "danger", "back_url": reverse("portal-console:systems"),
    }  # fmt: skip
    return ask(request, question)
