"""There and back: a browser goes to 企业微信 and returns with a code (research: wecom-api, 5.1, 5.2; SECURITY T47).

The answer belongs to one question of one session, once, within ten minutes; it is asked of WeCom who it is about.
"""

import logging
from dataclasses import dataclass
from typing import Any, Final

from allauth.socialaccount.internal import statekit
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import Invalid
from core.secrets import Unreadable
from wecom_sync.access import SHORT, gateway_of
from wecom_sync.gateway import Gateway, Identity, Reaction, WeComError
from wecom_sync.models import Connection

log = logging.getLogger(__name__)
MAX_CODE: Final = 512
# What the client of 企业微信 calls itself, on phones and on desktops.
CLIENT: Final = "wxwork"


@dataclass(frozen=True, slots=True)
class Found:
    """Whom WeCom has named, which may be nobody. `kept` was kept when he was sent there."""

    identity: Identity
    kept: dict[str, Any]


def start(request: HttpRequest, connection: Connection, **kept: Any) -> HttpResponse:
    """Sends the browser to WeCom: to its scan page, or inside its client on without a question. Raises Invalid."""
    gateway = _gateway(connection)
    state = statekit.stash_state(request, provider_id=_key(connection), state=kept)
    inside = CLIENT in request.headers.get("User-Agent", "").lower()
    back = settings.BASE_URL + reverse("wecom-login:back", args=[connection.pk])
    go = gateway.authorize_url if inside else gateway.scan_url
    return redirect(go(back, state))


def finish(request: HttpRequest, connection: Connection) -> Found:
    """Who came back. Raises Invalid with what to do."""
    state = request.GET.get("state", "")
    kept = statekit.unstash_state(request, provider_id=_key(connection), state_id=state)
    if kept is None:
        raise late()
    code = request.GET.get("code", "")
    if not 0 < len(code) <= MAX_CODE:
        raise Invalid(_("WeCom did not say who you are: you did not agree there. Begin again."))
    try:
        return Found(_gateway(connection).identify(code), kept)
    except WeComError as error:
        if error.reaction == Reaction.LOGIN:
            raise Invalid(str(error.sentence)) from error
        log.warning("wecom log-in of connection %s: %s: %s", connection.pk, error.api, error.code)
        raise _away() from error


def _gateway(connection: Connection) -> Gateway:
    try:
        return gateway_of(connection, patience=SHORT)
    except (Unreadable, ValueError) as error:
        log.warning("wecom log-in of connection %s: %s", connection.pk, type(error).__name__)
        raise _away() from error


def late() -> Invalid:
    """An answer to a question that this session has not asked, or not any more."""
    return Invalid(_("This log-in took too long, or it was begun in another browser. Begin again."))


def _away() -> Invalid:
    return Invalid(_("Log-in with WeCom does not work now. Try again later, or use your password."))


def _key(connection: Connection) -> str:
    return f"wecom:{connection.pk}"
