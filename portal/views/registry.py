"""Back office: the registry of apps (matrix row 43). Holders and administrators only."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import htmx
from core.errors import Denied
from orgs.views.asking import ask, attempt, form_dialog
from orgs.views.guards import asked
from portal import console, permissions, selectors, services
from portal.forms import AppForm, NewAppForm, RegistryFilter
from portal.models import App
from portal.views.guards import person

EDITABLE = ("GET", "HEAD", "POST")
STEPS = {"up": -1, "down": 1}


@require_safe
def app_list(request: HttpRequest) -> HttpResponse:
    """Every app; what has no implementation or address reads 未接入."""
    permissions.require_registry(person(request))
    form = RegistryFilter(request.GET or None, categories=selectors.categories())
    chosen = form.cleaned_data if form.is_valid() else {}
    q = asked(request)
    rows = selectors.registry(q=q, **{key: value for key, value in chosen.items() if value})
    context = console.registry(rows, form, q, narrowed=bool(q or any(chosen.values())))
    return htmx.page(request, "portal/apps.html", "portal/partials/_apps.html", context)


def _done(request: HttpRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return htmx.done(request, reverse("portal-console:apps"))


@require_http_methods(EDITABLE)
def app_new(request: HttpRequest) -> HttpResponse:
    """A new link app."""
    permissions.require_registry(person(request))
    form = NewAppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        key = fields.pop("key")
        made = attempt(
            form, lambda: services.create_app(by=person(request), key=key, fields=fields)
        )
        if made is not None:
            return _done(request, _("“%(name)s” was created") % {"name": made.name})
    title, back = _("New app"), reverse("portal-console:apps")
    return form_dialog(request, form, title=title, submit=_("Create"), back_url=back)


@require_http_methods(EDITABLE)
def app_edit(request: HttpRequest, app_id: int) -> HttpResponse:
    """Names, icon, category, address, where it is shown, enabled, open by default."""
    permissions.require_registry(person(request))
    app = get_object_or_404(App, pk=app_id)
    form = AppForm(request.POST or None, instance=app)
    if request.method == "POST" and form.is_valid():
        services.edit_app(app_id=app_id, fields=form.cleaned_data, by=person(request))
        return _done(request, _("Saved"))
    title = _("Edit %(name)s") % {"name": app.name}
    back = reverse("portal-console:apps")
    return form_dialog(request, form, title=title, submit=_("Save"), back_url=back)


@require_POST
def app_enabled(request: HttpRequest, app_id: int) -> HttpResponse:
    """Enables (on=1) or disables an app."""
    permissions.require_registry(person(request))
    enabled = request.POST.get("on") == "1"
    app = services.edit_app(app_id=app_id, fields={"enabled": enabled}, by=person(request))
    said = _("“%(name)s” is enabled") if enabled else _("“%(name)s” is disabled")
    return _done(request, said % {"name": app.name})


@require_POST
def app_shift(request: HttpRequest, app_id: int, way: str) -> HttpResponse:
    """One place up or down."""
    permissions.require_registry(person(request))
    if way not in STEPS:
        raise Http404
    services.shift_app(app_id=app_id, step=STEPS[way], by=person(request))
    return htmx.done(request, reverse("portal-console:apps"))


@require_http_methods(EDITABLE)
def app_delete(request: HttpRequest, app_id: int) -> HttpResponse:
    """Asks and deletes an app that was added here."""
    permissions.require_registry(person(request))
    app = get_object_or_404(App, pk=app_id)
    if request.method == "POST":
        services.delete_app(app_id=app_id, by=person(request))
        return _done(request, _("“%(name)s” was deleted") % {"name": app.name})
    if not app.own:
        raise Denied(_("Apps that come with the product cannot be deleted. Disable it instead."))
    return ask(request, console.deleting(app))
