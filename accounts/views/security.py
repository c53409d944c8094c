"""The own account: second factors and the fresh proof that changing them asks for (matrix rows 2, 3)."""

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import hooks, selectors, sso
from accounts.adapter import safe_next
from accounts.forms import CodeForm, PasskeyNameForm, ProveForm
from accounts.mfa import has_factor, own_factors, qr_image
from accounts.models import User
from accounts.services import own
from accounts.services import second_factor as factors
from accounts.services import sso as links
from accounts.views import proof
from accounts.views.guards import person
from accounts.views.shared import ask, attempt, dialog
from core import htmx
from core import secrets as at_rest
from core.errors import Invalid, UserError
from core.ui import Secret

PENDING = "second_factor.secret"
EDITABLE = ["GET", "HEAD", "POST"]


def base_of(request: HttpRequest) -> dict[str, Any]:
    """The shell of an own page: without any way on while a second factor is due."""
    user = person(request)
    due = selectors.factor_due(user)
    shell = "base_portal.html" if user.is_external else "base_staff.html"
    return {"base": "base_setup.html" if due else shell, "due": due}


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """What opens this account beside the password."""
    user, rows = person(request), own_factors(person(request))
    kinds = {row.type: row for row in rows}
    codes = kinds.get(Authenticator.Type.RECOVERY_CODES)
    context = base_of(request) | {
        "app": kinds.get(Authenticator.Type.TOTP),
        "passkeys": [row for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "sso": sso.label() if not user.is_external else "",
        "link": links.own_link(user),
        "doors": hooks.own_doors(user),
        "required": selectors.login_policy().asks(user),
    }
    return render(request, "accounts/security.html", context)


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(EDITABLE)
def prove(request: HttpRequest) -> HttpResponse:
    """Who is logged in proves it again before he changes how he logs in."""
    user = person(request)
    if proof.wants_options(request):
        return proof.options(request, user)
    by_passkey = "credential" in request.POST
    form = ProveForm(None if by_passkey else request.POST or None, with_code=has_factor(user))
    problem = ""
    if request.method == "POST" and (by_passkey or form.is_valid()):
        method = attempt_proof(request, form)
        if method:
            proof.proved_again(request, method)
            return HttpResponseRedirect(_next(request))
        problem = "" if form.is_bound else _("The passkey was not accepted. Try again.")
    return render(
        request,
        "accounts/prove.html",
        _asked(request, form, problem),
        status=422 if problem else form.http_status,
    )


def _next(request: HttpRequest) -> str:
    return safe_next(request, request.GET.get("next")) or reverse("accounts:security")


def _asked(request: HttpRequest, form: ProveForm, problem: str) -> dict[str, Any]:
    user = person(request)
    passkey = any(row.type == Authenticator.Type.WEBAUTHN for row in own_factors(user))
    return {
        "form": form,
        "problem": problem,
        "passkey": passkey,
        "password": user.has_usable_password(),
        "action": request.get_full_path(),
    }


def attempt_proof(request: HttpRequest, form: ProveForm) -> str:
    """The method of a right proof, else ""; the form says why."""
    user = person(request)
    if not form.is_bound:
        try:
            proof.authenticate(request, user)
        except Invalid:
            return ""
        return "mfa"
    return "password" if attempt(form, lambda: _by_password(user, form.cleaned_data)) else ""


def _by_password(user: User, values: dict[str, str]) -> bool:
    if not own.own_password(user, values["password"]):
        raise Invalid(_("The password is wrong"), field="password")
    if "code" in values:
        factors.check_code(user=user, code=values["code"])
    return True


@never_cache
@require_http_methods(EDITABLE)
@proof.freshly_proved
@sensitive_post_parameters("code")
def totp_add(request: HttpRequest) -> HttpResponse:
    """A picture for the app, and the first code that it shows."""
    user, secret = person(request), _pending(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code, keep = form.cleaned_data["code"], request.session.session_key
        codes = attempt(
            form,
            lambda: factors.add_totp(user=user, secret=secret, code=code, keep_session=keep),
        )
        if codes is not None:
            del request.session[PENDING]
            return _added(request, codes)
    context = base_of(request) | {"form": form, "secret": secret, "qr": qr_image(user, secret)}
    return render(request, "accounts/totp_add.html", context, status=form.http_status)


def _pending(request: HttpRequest) -> str:
    """The secret of an app that is being set up; it waits encrypted in the session."""
    if PENDING not in request.session:
        request.session[PENDING] = at_rest.encrypt(generate_totp_secret()).decode()
    return at_rest.decrypt(request.session[PENDING].encode())


@never_cache
@require_http_methods(EDITABLE)
@proof.freshly_proved
def passkey_add(request: HttpRequest) -> HttpResponse:
    """A passkey of this device, of a phone or of a security key."""
    user = person(request)
    if proof.wants_options(request):
        return proof.new_options(user)
    form = PasskeyNameForm(request.POST or None, initial={"name": _passkey_name(user)})
    if request.method == "POST" and form.is_valid():
        codes = attempt(form, lambda: _take_passkey(request, form.cleaned_data["name"]))
        if codes is not None:
            return _added(request, codes)
    context = base_of(request) | {"form": form}
    return render(request, "accounts/passkey_add.html", context, status=form.http_status)


def _passkey_name(user: User) -> str:
    number = sum(row.type == Authenticator.Type.WEBAUTHN for row in own_factors(user))
    return _("Passkey %(n)s") % {"n": number + 1}


def _take_passkey(request: HttpRequest, name: str) -> list[str]:
    return factors.add_passkey(
        user=person(request), name=name, credential=proof.register(request),
        keep_session=request.session.session_key,
    )  # fmt: skip


def _added(request: HttpRequest, codes: list[str]) -> HttpResponse:
    request.session.cycle_key()
    messages.success(request, _("The second factor is set up; all other log-ins have ended"))
    return _codes(request, codes) if codes else redirect("accounts:security")


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Recovery codes, this one time."""
    lines = [
        Secret(_("Code %(n)s") % {"n": number}, " ".join((code[:4], code[4:8], code[8:])))
        for number, code in enumerate(codes, start=1)
    ]
    context = base_of(request) | {
        "secrets": lines,
        "done_url": reverse("accounts:security"),
        "hints": [_("They are not shown again. Whoever loses them makes new ones.")],
    }
    response = render(request, "accounts/recovery_codes.html", context)
    response["Cache-Control"] = "no-store"
    return response


@never_cache
@require_http_methods(EDITABLE)
@proof.freshly_proved
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Ten new recovery codes; the former ones are dead."""
    asked = question(
        _("Make new recovery codes?"), _("Make new codes"), reverse("accounts:recovery-codes"),
        _("The former codes stop working at once. All other log-ins end."),
    )  # fmt: skip
    if request.method != "POST":
        return ask(request, asked | base_of(request))
    try:
        codes = factors.new_recovery_codes(
            user=person(request), keep_session=request.session.session_key
        )
    except UserError as error:
        return ask(request, asked | base_of(request), error)
    request.session.cycle_key()
    return _codes(request, codes)


def question(title: str, submit: str, action: str, text: str) -> dict[str, Any]:
    """A question about one's own login, for `ask`."""
    back = reverse("accounts:security")
    return {
        "title": title, "submit": submit, "action": action, "text": text, "style": "danger", "back_url": back,
    }  # fmt: skip


@require_http_methods(EDITABLE)
@proof.freshly_proved
def factor_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes an app or a passkey away."""
    asked = base_of(request) | question(
        _("Remove this second factor?"), _("Remove"), reverse("accounts:factor-remove", args=[pk]),
        _("It opens nothing any more. All other log-ins end."),
    )  # fmt: skip
    user = person(request)
    if request.method != "POST":
        factors.own_factor(user, pk)
    return take_away(
        request, asked, lambda keep: factors.remove(user=user, pk=pk, keep_session=keep)
    )


def take_away(
    request: HttpRequest, asked: dict[str, Any], act: Callable[[str | None], object]
) -> HttpResponse:
    """Asks, and then takes a way to log in away; `act` ends all sessions but that of the key it is given."""
    if request.method != "POST":
        return ask(request, asked)
    try:
        act(request.session.session_key)
    except UserError as error:
        return ask(request, asked, error)
    request.session.cycle_key()
    messages.success(request, _("Removed"))
    return htmx.done(request, reverse("accounts:security"))


@require_http_methods(EDITABLE)
@proof.freshly_proved
def factor_rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name for a passkey."""
    user, url = person(request), reverse("accounts:security")
    row = factors.own_factor(user, pk)
    form = PasskeyNameForm(request.POST or None, initial={"name": row.data.get("name", "")})
    if request.method == "POST" and form.is_valid():
        factors.rename_passkey(user=user, pk=pk, name=form.cleaned_data["name"])
        return htmx.done(request, url)
    extra = base_of(request)
    return dialog(
        request, form, title=_("Rename the passkey"), submit=_("Save"), back_url=url, **extra
    )
