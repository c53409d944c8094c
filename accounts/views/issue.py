"""First credentials of a login, for those who may read them (matrix row 40). Embedded elsewhere by address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import selectors
from accounts.services import credentials
from accounts.views.guards import person
from core import htmx
from core.errors import Hidden
from core.ui import Secret


@require_safe
def issue(request: HttpRequest, issue_key: str) -> HttpResponse:
    """Where the credentials stand; while they are being prepared the fragment asks again by itself."""
    found = selectors.issue_for_reader(issue_key=issue_key, reader=person(request))
    if found is None:
        raise Hidden(_("Not found"))
    return htmx.page(
        request, "accounts/issue.html", "accounts/partials/_issue.html", {"issue": found}
    )


@require_POST
def reveal(request: HttpRequest, issue_key: str) -> HttpResponse:
    """Shows the first password, this one time."""
    shown = credentials.reveal(issue_key=issue_key, by=person(request))
    context = {
        "title": _("First credentials"),
        "secrets": [
            Secret(_("Login name"), shown.username),
            Secret(_("First password"), shown.password),
        ],
        "file_name": f"{shown.username}.txt",
        "hints": [
            _("They cannot be shown again. If they are lost, reset the password."),
            _("The password works for 72 hours and has to be replaced at the first log-in."),
        ],
        "done_url": reverse("accounts:issue", args=[issue_key]),
    }
    fragment = htmx.is_fragment(request)
    template = "components/credentials_dialog.html" if fragment else "accounts/revealed.html"
    response = render(request, template, context)
    response["Cache-Control"] = "no-store"
    return htmx.trigger(response, refresh="[data-issue]") if fragment else response
