"""Log-in, log-out, activation, and the switches for language and appearance."""

from allauth.account.internal.flows.logout import logout as end_session
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.adapter import enter, home_of, safe_next
from accounts.forms import LoginForm, NewPasswordForm, PreferencesForm
from accounts.models import ActivationLink
from accounts.services import credentials, own
from accounts.services import login as services
from accounts.views.guards import person
from accounts.views.second import refused
from accounts.views.shared import ways_in
from core.errors import Invalid
from core.nav import THEME_COOKIE, build

YEAR = 365 * 24 * 3600


@never_cache
@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Login name and password (matrix row 1). Every failure looks alike; reasons come after the right password."""
    wanted = safe_next(request, request.GET.get("next"))
    if request.user.is_authenticated:
        return HttpResponseRedirect(wanted or home_of(request.user))
    form = LoginForm(request.POST or None, initial={"next": wanted})
    if request.method != "POST":
        return render(request, "accounts/login.html", {"form": form, **ways_in()})
    if not form.is_valid():
        shown = {"form": form, **ways_in()}
        return render(request, "accounts/login.html", shown, status=form.http_status)
    values = form.cleaned_data
    outcome = services.check(
        username=values["username"], password=values["password"], request=request
    )
    if outcome.user is not None:
        return enter(request, outcome.user, next_url=values["next"])
    return refused(request, outcome, form)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The address without a path: external people go to the portal, staff to the first entry of their navigation."""
    user = person(request)
    top = [item.url for item in build(request).top if item.url != "/"]
    url = home_of(user) if user.is_external else next(iter(top), reverse("accounts:sessions"))
    return HttpResponseRedirect(url if url != "/" else reverse("accounts:sessions"))


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Ends this session; what the browser kept of the pages goes as well (SECURITY T53)."""
    services.closed(user=person(request), session_key=request.session.session_key)
    end_session(request, show_message=False)
    response = HttpResponse(status=303, headers={"Location": reverse("accounts:login")})
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@never_cache
@login_not_required
@sensitive_post_parameters("new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: HttpRequest, token: str) -> HttpResponse:
    """The address in a mail for a first or new password: a form by GET, set by POST. Looking uses nothing up.

    The address is a secret: Referrer-Policy keeps it on this site. Not "no-referrer": browsers then hide where the form
    comes from, too, and it is refused.
    """
    link = credentials.live_link(token)
    if link is None:
        dead = {"reason": credentials.dead_link()}
        return render(request, "accounts/activate_dead.html", dead, status=410)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = credentials.activate(token=token, password=form.cleaned_data["new"])
        except Invalid as error:
            form.add_error("new", str(error))
        else:
            reset = link.purpose == ActivationLink.Purpose.RESET
            return enter(request, user, method="reset" if reset else "activation")
    context = {"form": form, "link": link}
    return render(request, "accounts/activate.html", context, status=form.http_status)


@login_not_required
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Language or appearance: in the profile of who is logged in, and in a cookie for before log-in."""
    form = PreferencesForm(request.POST)
    values = form.cleaned_data if form.is_valid() else {}
    language, theme = values.get("language", ""), values.get("theme", "")
    if request.user.is_authenticated:
        own.set_preferences(user=person(request), language=language, theme=theme)
    response = HttpResponseRedirect(safe_next(request, values.get("next")) or "/")
    _remember(response, settings.LANGUAGE_COOKIE_NAME, language)
    _remember(response, THEME_COOKIE, theme)
    return response


def _remember(response: HttpResponse, name: str, value: str) -> None:
    if value:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=secure, httponly=True)
