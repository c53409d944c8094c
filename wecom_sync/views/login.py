"""Log-in with 企业微信: to WeCom and back, for staff and for people of downstream corps (SPEC WEC-7; matrix row 1).

Nobody is found by name, mobile or e-mail: only by (corp, id), as a synchronization or a person has linked it (T71).
"""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import hooks, throttle
from accounts.adapter import enter, home_of, safe_next
from accounts.services import login as services
from accounts.views.guards import person
from accounts.views.second import refused
from core import context
from core.errors import Invalid
from wecom_sync import oauth, whose
from wecom_sync.models import Connection

FOUND = "wecom.found"
UNKNOWN = 403


def door_of(pk: int) -> Connection:
    """A connection that is switched on for it; any other is missing."""
    found = Connection.objects.filter(pk=pk, enabled=True, login=True).first()
    if found is None:
        raise Http404
    return found


@never_cache
@login_not_required
@require_safe
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """To WeCom; who is logged in already goes straight to where he wanted."""
    connection, wanted = door_of(pk), safe_next(request, request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(wanted or home_of(person(request)))
    request.session.set_expiry(settings.ACCOUNT_LOGIN_TIMEOUT)
    try:
        return oauth.start(request, connection, next=wanted)
    except Invalid as error:
        return failed(request, str(error))


@never_cache
@login_not_required
@require_safe
def back(request: HttpRequest, pk: int) -> HttpResponse:
    """Who WeCom says it is: a log-in, or a link that its person has yet to confirm."""
    connection, source = door_of(pk), throttle.source_key(context.current().ip)
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        # Some page elsewhere has it loaded as a picture: the tries of a whole office are not used up by that (T42).
        return failed(request, str(oauth.late()))
    wait = throttle.begin([source])
    if wait:
        return refused(request, services.throttled(wait))
    try:
        found = oauth.finish(request, connection)
    except Invalid as error:
        return failed(request, str(error))
    throttle.succeeded(own=[], source=source)
    if "user" in found.kept:
        return _to_confirm(request, connection, found)
    return _log_in(request, connection, found)


def failed(request: HttpRequest, problem: str) -> HttpResponse:
    """Back to where he came from, with why."""
    if request.user.is_authenticated:
        messages.error(request, problem)
        return redirect(home_of(person(request)) if person(request).is_external else "accounts:security")  # fmt: skip
    return refused(request, services.Outcome("wrong", problem))


def _log_in(request: HttpRequest, connection: Connection, found: oauth.Found) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(home_of(person(request)))
    whom = whose.find(connection, found.identity)
    if whom is None:
        return _unknown(request, connection, found)
    outcome = services.may_enter(whom.user, request)
    if outcome.user is not None and not whom.usable:
        outcome = services.Outcome("unusable", hooks.why_unusable(whom.user))
    if outcome.user is None:
        return refused(request, outcome)
    if whom.contact_id is not None:
        request.session.act_as(whom.contact_id)  # type: ignore[attr-defined]  # accounts.sessions.SessionStore
    return enter(request, outcome.user, next_url=found.kept.get("next", ""), method="wecom")


def _unknown(request: HttpRequest, connection: Connection, found: oauth.Found) -> HttpResponse:
    """Nobody here is linked with him: what he can do about it."""
    who = found.identity
    shown = {
        "kind": "outside" if not who.known else "own" if who.corpid == connection.corp_id else "partner",
        "account": who.userid, "connection": connection, "next": found.kept.get("next", ""),
    }  # fmt: skip
    return render(request, "wecom_sync/login_unknown.html", shown, status=UNKNOWN)


def _to_confirm(request: HttpRequest, connection: Connection, found: oauth.Found) -> HttpResponse:
    mine = request.user.is_authenticated and found.kept["user"] == person(request).pk
    who = found.identity
    if not mine:
        return failed(request, str(oauth.late()))
    if not who.known or who.corpid != connection.corp_id:
        problem = _("That is no member of this corp. Only its own members link with a login here.")
        return failed(request, problem)
    request.session[FOUND] = [connection.pk, who.corpid, who.userid]
    return redirect("wecom-login:confirm", pk=connection.pk)
