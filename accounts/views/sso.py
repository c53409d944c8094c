"""Log-in through the company's identity provider, and linking it with one's own login (matrix rows 1, 3)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import sso, throttle
from accounts.adapter import enter, home_of, safe_next
from accounts.services import login as services
from accounts.services import sso as links
from accounts.views import proof
from accounts.views.guards import person
from accounts.views.second import refused
from accounts.views.security import base_of, question, take_away
from core import context
from core.errors import Invalid, UserError

FOUND = "sso.found"


def configured(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Missing where there is no provider; external people never have one."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if not settings.OIDC or (user.is_authenticated and person(request).is_external):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@never_cache
@login_not_required
@require_safe
@configured
def begin(request: HttpRequest) -> HttpResponse:
    """To the provider and back."""
    if request.user.is_authenticated:
        return redirect(home_of(person(request)))
    request.session.set_expiry(settings.ACCOUNT_LOGIN_TIMEOUT)
    wanted = safe_next(request, request.GET.get("next"))
    try:
        return sso.start(request, process="login", next_url=wanted)
    except Invalid as error:
        return refused(request, services.Outcome("wrong", str(error)))


@never_cache
@login_not_required
@require_safe
@configured
def back(request: HttpRequest) -> HttpResponse:
    """What the provider says: a log-in, or a link that its person has yet to confirm."""
    source = throttle.source_key(context.current().ip)
    wait = throttle.begin([source])
    if wait:
        return refused(request, services.throttled(wait))
    try:
        found = sso.finish(request)
    except Invalid as error:
        return _refused(request, str(error))
    throttle.succeeded(own=[], source=source)
    if found.state["process"] == "link":
        return _to_confirm(request, found)
    return _log_in(request, found)


def _refused(request: HttpRequest, problem: str) -> HttpResponse:
    if request.user.is_authenticated:
        messages.error(request, problem)
        return redirect("accounts:security")
    return refused(request, services.Outcome("wrong", problem))


def _log_in(request: HttpRequest, found: sso.Found) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(home_of(person(request)))
    user = links.owner(found.subject)
    if user is None or user.is_external:
        text = _(
            "This company account is linked with no login here. Log in with your password, then link it."
        )
        return _refused(request, text)
    outcome = services.may_enter(user, request)
    if outcome.user is None:
        return refused(request, outcome)
    return enter(request, outcome.user, next_url=found.state.get("next", ""), method="sso")


def _to_confirm(request: HttpRequest, found: sso.Found) -> HttpResponse:
    mine = request.user.is_authenticated and found.state["data"].get("user") == person(request).pk
    if not mine:
        return _refused(request, str(sso.failed()))
    request.session[FOUND] = [found.subject, found.name]
    return redirect("accounts:sso-confirm")


@never_cache
@require_safe
@configured
@proof.freshly_proved
def link(request: HttpRequest) -> HttpResponse:
    """To the provider, to find out who one is there."""
    try:
        return sso.start(request, process="link", user=person(request).pk)
    except Invalid as error:
        return _refused(request, str(error))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@configured
@proof.freshly_proved
def confirm(request: HttpRequest) -> HttpResponse:
    """Nothing is linked before its person has seen with what."""
    if FOUND not in request.session:
        return redirect("accounts:security")
    subject, name = request.session[FOUND]
    if request.method != "POST":
        shown = {"name": name, "label": sso.label()}
        return render(request, "accounts/sso_confirm.html", base_of(request) | shown)
    del request.session[FOUND]
    try:
        links.link(
            user=person(request), subject=subject, name=name,
            keep_session=request.session.session_key,
        )  # fmt: skip
    except UserError as error:
        return _refused(request, str(error))
    request.session.cycle_key()
    messages.success(request, _("Linked"))
    return redirect("accounts:security")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@configured
@proof.freshly_proved
def unlink(request: HttpRequest) -> HttpResponse:
    """The link goes; the password stays."""
    asked = base_of(request) | question(
        _("Unlink the company log-in?"), _("Unlink"), reverse("accounts:sso-unlink"),
        _("It opens nothing any more. All other log-ins end."),
    )  # fmt: skip
    user = person(request)
    return take_away(request, asked, lambda keep: links.unlink(user=user, keep_session=keep))
