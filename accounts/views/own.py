"""What people do to their own account: password, sessions, privacy notice (matrix rows 2, 3, 5)."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors, words
from accounts.adapter import home_of
from accounts.forms import PasswordForm, take
from accounts.models import PrivacyNotice
from accounts.services import access, own
from accounts.views.guards import person
from core.errors import Invalid


@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the own password; also where a first password has to be replaced before anything else."""
    user = person(request)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            fresh = own.change_password(
                user=user, old=form.cleaned_data["old"], new=form.cleaned_data["new"], by=user,
                keep_session=request.session.session_key,
            )  # fmt: skip
        except Invalid as error:
            take(form, error)
        else:
            update_session_auth_hash(request, fresh)
            messages.success(request, _("The password is changed; all other log-ins have ended"))
            return HttpResponseRedirect(home_of(user))
    context = {"form": form, "forced": user.must_change_password, "back_url": home_of(user)}
    return render(request, "accounts/password.html", context, status=form.http_status)


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Where one is logged in."""
    user = person(request)
    context = {
        "sessions": selectors.sessions_of(user, current_key=request.session.session_key),
        "history": words.own_lines(selectors.login_history(user)),
        "base": "base_portal.html" if user.is_external else "base_staff.html",
    }
    return render(request, "accounts/sessions.html", context)


@require_POST
def session_end(request: HttpRequest) -> HttpResponse:
    """Ends one of the own sessions."""
    user = person(request)
    access.end_session(user=user, ref=request.POST.get("ref", ""), by=user)
    messages.success(request, _("The log-in has ended"))
    return redirect("accounts:sessions")


@require_POST
def session_end_all(request: HttpRequest) -> HttpResponse:
    """Logs out everywhere else; this session stays."""
    user = person(request)
    access.end_sessions(user=user, by=user, keep=request.session.session_key)
    messages.success(request, _("All other log-ins have ended"))
    return redirect("accounts:sessions")


@require_http_methods(["GET", "HEAD", "POST"])
def privacy(request: HttpRequest) -> HttpResponse:
    """The privacy notice: to be read, and by external people to be accepted once for each version (SPEC POR-5)."""
    user = person(request)
    notice = selectors.newest_notice()
    if notice is None:
        return HttpResponseRedirect(home_of(user))
    if request.method != "POST":
        return _notice(request, notice)
    try:
        own.accept_notice(user=user, version=_number(request.POST.get("version", "")), by=user)
    except Invalid as error:
        return _notice(request, notice, str(error))
    return HttpResponseRedirect(home_of(user))


def _notice(request: HttpRequest, notice: PrivacyNotice, problem: str = "") -> HttpResponse:
    user = person(request)
    context = {
        "notice": notice,
        "body": notice.body_en if get_language() == "en" and notice.body_en else notice.body,
        "due": user.is_external and selectors.notice_to_accept(user) is not None,
        "problem": problem,
        "back_url": home_of(user),
    }
    return render(request, "accounts/privacy.html", context, status=422 if problem else 200)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
