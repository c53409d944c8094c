"""The second step of a log-in, and a passkey instead of both steps (matrix row 1)."""

from typing import Any

from allauth.account.internal.flows import login as flow
from allauth.account.stages import LoginStageController
from allauth.mfa.models import Authenticator
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import throttle
from accounts.adapter import begin, home_of
from accounts.forms import CodeForm, LoginForm
from accounts.mfa import own_factors
from accounts.models import User
from accounts.services import login as services
from accounts.services import second_factor as factors
from accounts.stages import SecondFactorStage, give_up
from accounts.views import proof
from accounts.views.guards import person
from accounts.views.shared import ways_in
from core import context
from core.errors import Invalid, Throttled

TEMPLATE = "accounts/second_factor.html"


def refused(request: HttpRequest, outcome: services.Outcome, form: Any = None) -> HttpResponse:
    """The log-in page with the reason."""
    shown = {"form": form or LoginForm(), "problem": outcome.message, **ways_in()}
    return again(request, "accounts/login.html", shown, outcome.retry_after)


def again(
    request: HttpRequest, template: str, shown: dict[str, Any], retry_after: int
) -> HttpResponse:
    """The page once more, with why: 422, or 429 with the seconds to wait."""
    response = render(request, template, shown, status=429 if retry_after else 422)
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


@never_cache
@login_not_required
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """After the right password: a code or a passkey. Whoever comes without one begins anew."""
    if request.user.is_authenticated:
        return redirect(home_of(person(request)))
    stage = LoginStageController.enter(request, SecondFactorStage.key)
    if stage is None or not stage.still_holds():
        give_up(request)
        return refused(
            request, services.Outcome("late", _("The first step is too long ago. Log in again."))
        )
    if request.method != "POST":
        return render(request, TEMPLATE, _shown(stage))
    if proof.wants_options(request):
        return proof.options(request, stage.login.user)
    try:
        kind = _proved(request, stage.login.user)
    except Throttled as error:
        problem = services.throttled(error.retry_after).message
        return again(request, TEMPLATE, _shown(stage, problem), error.retry_after)
    except Invalid as error:
        return again(request, TEMPLATE, _shown(stage, str(error)), 0)
    return _finish(request, stage, kind)


def _shown(stage: SecondFactorStage, problem: Any = "") -> dict[str, Any]:
    kinds = {row.type for row in own_factors(stage.login.user)}
    passkey = Authenticator.Type.WEBAUTHN in kinds
    return {"form": CodeForm(), "problem": problem, "passkey": passkey, "app": "totp" in kinds}


def _proved(request: HttpRequest, user: User) -> str:
    """The kind of the second proof. Raises Invalid, Throttled."""
    if "credential" in request.POST:
        proof.authenticate(request, user)
        return str(Authenticator.Type.WEBAUTHN)
    form = CodeForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Type the code that the app shows, or a recovery code"))
    device = request.COOKIES.get(throttle.DEVICE_COOKIE, "")
    return factors.check_code(user=user, code=form.cleaned_data["code"], device=device)


def _finish(request: HttpRequest, stage: SecondFactorStage, kind: str) -> HttpResponse:
    user: User = stage.login.user
    outcome = services.may_enter(user, request)
    if outcome.user is None:
        give_up(request)
        return refused(request, outcome)
    flow.record_authentication(request, user, "mfa", type=kind)
    response: HttpResponse = stage.exit()
    return response


@never_cache
@login_not_required
@require_POST
def passkey_login(request: HttpRequest) -> HttpResponse:
    """A passkey opens without a login name and a password: it is two factors by itself."""
    if request.user.is_authenticated:
        return redirect(home_of(person(request)))
    if proof.wants_options(request):
        return proof.options(request, None)
    source = throttle.source_key(context.current().ip)
    wait = throttle.begin([source])
    if wait:
        return refused(request, services.throttled(wait))
    try:
        user: User = proof.authenticate(request, None).user
    except Invalid as error:
        return refused(request, services.Outcome("wrong", str(error)))
    throttle.succeeded(own=[], source=source)
    return _enter(request, services.may_enter(user, request))


def _enter(request: HttpRequest, outcome: services.Outcome) -> HttpResponse:
    if outcome.user is None:
        return refused(request, outcome)
    kind = str(Authenticator.Type.WEBAUTHN)
    flow.record_authentication(request, outcome.user, "mfa", type=kind, passwordless=True)
    return begin(request, outcome.user, next_url=request.POST.get("next", ""))
