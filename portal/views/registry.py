"""Back office: the registry of apps (matrix row 43). Holders and administrators only."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import htmx
from core.ui import Column, Crumb
from portal import permissions, selectors, services
from portal.forms import AppForm
from portal.models import App
from portal.views.guards import person


@require_safe
def app_list(request: HttpRequest) -> HttpResponse:
    """Every app; what has no implementation or address reads 未接入."""
    permissions.require_registry(person(request))
    context = {
        "rows": selectors.registry(),
        "columns": [
            Column(_("App")), Column(_("Category")), Column(_("Kind")), Column(_("Address")), Column(_("State")),
            Column(_("Open by default")), Column(_("Actions"), css="c-op"),
        ],
        "crumbs": [Crumb(_("Administration")), Crumb(_("External portal"))],
    }  # fmt: skip
    return htmx.page(request, "portal/apps.html", "portal/partials/_apps.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def app_edit(request: HttpRequest, app_id: int) -> HttpResponse:
    """Name, icon, category, address, enabled, open by default."""
    permissions.require_registry(person(request))
    app = get_object_or_404(App, pk=app_id)
    form = AppForm(request.POST or None, instance=app)
    if request.method == "POST" and form.is_valid():
        services.edit_app(app_id=app_id, fields=form.cleaned_data, by=person(request))
        messages.success(request, _("Saved"))
        return htmx.done(request, reverse("portal-console:apps"))
    context = {
        "form": form,
        "title": _("Edit %(name)s") % {"name": app.name},
        "action": reverse("portal-console:app-edit", args=[app_id]),
        "back_url": reverse("portal-console:apps"),
    }
    full, fragment = "portal/app_edit.html", "components/dialog_form.html"
    return htmx.page(request, full, fragment, context, status=form.http_status)
