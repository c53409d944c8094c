"""账号安全 › 企业微信: a member of staff says himself which member of the corp he is (SPEC WEC-7; matrix row 3)."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.views import proof
from accounts.views.guards import person, staff_only
from accounts.views.security import base_of, question, take_away
from core.errors import Invalid, UserError
from wecom_sync import oauth
from wecom_sync.models import Connection
from wecom_sync.services import own_links
from wecom_sync.views.login import FOUND, door_of, failed


def own_door(
    view: Callable[[HttpRequest, Connection], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Missing for external people and where log-in is switched off; then somebody who has just proved who he is."""
    proved = proof.freshly_proved(view)

    @wraps(view)
    @staff_only
    def guarded(request: HttpRequest, pk: int) -> HttpResponse:
        return proved(request, door_of(pk))

    return guarded


@never_cache
@require_safe
@own_door
def link(request: HttpRequest, connection: Connection) -> HttpResponse:
    """To WeCom, to find out who one is there."""
    try:
        return oauth.start(request, connection, user=person(request).pk)
    except Invalid as error:
        return failed(request, str(error))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@own_door
def confirm(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Nothing is linked before its person has seen with what."""
    *known, account = request.session.get(FOUND, ("",))
    if known != [connection.pk, connection.corp_id]:
        return redirect("accounts:security")
    if request.method != "POST":
        shown = {"connection": connection, "account": account}
        return render(request, "wecom_sync/link_confirm.html", base_of(request) | shown)
    del request.session[FOUND]
    try:
        own_links.link_own(
            user=person(request), connection=connection, member_id=account,
            keep_session=request.session.session_key,
        )  # fmt: skip
    except UserError as error:
        return failed(request, str(error))
    request.session.cycle_key()
    messages.success(request, _("Linked"))
    return redirect("accounts:security")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@own_door
def unlink(request: HttpRequest, connection: Connection) -> HttpResponse:
    """The link goes; the password stays."""
    here = reverse("wecom-login:unlink", args=[connection.pk])
    asked = base_of(request) | question(
        _("Unlink WeCom?"), _("Unlink"), here, _("It opens nothing any more. All other log-ins end."),
    )  # fmt: skip
    user = person(request)
    return take_away(
        request, asked,
        lambda keep: own_links.unlink_own(user=user, connection=connection, keep_session=keep),
    )  # fmt: skip
