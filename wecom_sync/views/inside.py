"""The corp itself: whether its departments, staff and rules come along (matrix row 54)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.views.guards import person
from core import htmx
from orgs.views.asking import attempt, form_dialog
from wecom_sync.forms import InsideForm
from wecom_sync.services import inside as services
from wecom_sync.views.connections import url_of
from wecom_sync.views.guards import connection_of, connectors_only


@require_http_methods(["GET", "HEAD", "POST"])
@connectors_only
def inside(request: HttpRequest, pk: int) -> HttpResponse:
    """Departments, staff and rules of the corp."""
    connection = connection_of(pk)
    form = InsideForm(request.POST or None, connection=connection)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if attempt(
            form, lambda: services.set_inside(by=person(request), connection=connection, **given)
        ):
            messages.success(request, _("Saved. It counts from the next run on"))
            return htmx.done(request, url_of(connection))
    title = _("Departments, staff and rules of “%(name)s”") % {"name": connection.name}
    return form_dialog(request, form, title=title, submit=_("Save"), back_url=url_of(connection))
