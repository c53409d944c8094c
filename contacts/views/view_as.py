"""Looking at the address book as somebody else: choosing whom, and ending it (SPEC VIS-3, matrix row 28)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from contacts import tables
from contacts.forms import WhoForm, take
from contacts.middleware import SESSION_KEY
from contacts.models import ViewAs
from contacts.services import view_as
from contacts.views.guards import person, staff_only, viewer
from core import htmx
from core.errors import Denied, Invalid


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def start(request: HttpRequest) -> HttpResponse:
    """Whom to look through, and what that means; a POST begins it."""
    if not viewer(request).scope.maintains_any:
        raise Denied(_("Only those who maintain external contacts can view as somebody else."))
    asked = tables.number(request.GET.get("person", ""))
    form = WhoForm(request.POST or None, initial={"person": asked})
    if request.method == "POST" and form.is_valid():
        try:
            row = view_as.start(by=person(request), target=form.cleaned_data["person"])
        except Invalid as error:
            take(form, error)
        else:
            request.session[SESSION_KEY] = row.pk
            return htmx.done(request, reverse("contacts:index"))
    context = {"form": form, "whole": viewer(request).everything}
    return render(request, "contacts/view_as.html", context, status=form.http_status)


@require_POST
@staff_only
def end(request: HttpRequest) -> HttpResponse:
    """Back to oneself."""
    pk = request.session.pop(SESSION_KEY, None)
    row = ViewAs.objects.select_related("target").filter(pk=pk, by=person(request)).first()
    if row is not None and view_as.end(by=person(request), view=row, reason="button"):
        messages.success(request, _("You see what you may see yourself again"))
    return htmx.done(request, reverse("contacts:index"))
