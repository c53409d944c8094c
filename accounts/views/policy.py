"""Back office: who must have a second factor (matrix row 58). Administrators only."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import selectors
from accounts.forms import LoginPolicyForm
from accounts.services import second_factor
from accounts.views.guards import admin_only, person
from core.ui import Crumb


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def login_policy(request: HttpRequest) -> HttpResponse:
    """Each group with its switch, and how many of it have none yet."""
    form = LoginPolicyForm(request.POST or None, instance=selectors.login_policy())
    if request.method == "POST":
        values = {name: name in request.POST for name in form.fields}
        second_factor.set_policy(values=values, by=person(request))
        messages.success(request, _("Saved"))
        return redirect("accounts:login-policy")
    missing = selectors.without_factor()
    context = {
        "groups": [(field, missing[field.name]) for field in form],
        "crumbs": [Crumb(_("Administration")), Crumb(_("Account security"))],
    }
    return render(request, "accounts/login_policy.html", context)
