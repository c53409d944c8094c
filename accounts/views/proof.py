"""Passkeys in requests, and how fresh the proof of who is logged in is (SECURITY T44)."""

import json
import struct
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows import login as flow
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from cryptography.exceptions import UnsupportedAlgorithm
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import second_factor
from accounts.views.guards import person
from core.errors import Invalid
from core.htmx import done, is_fragment

MAX_CREDENTIAL = 20_000
BROKEN = (
    ValidationError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError,
    NotImplementedError, RecursionError, struct.error, UnsupportedAlgorithm,
)  # fmt: skip


def is_fresh(request: HttpRequest) -> bool:
    """Whether this session has proved who it is within the last minutes."""
    records = flow.get_authentication_records(request, person(request))
    newest = max((float(one["at"]) for one in records), default=0.0)
    return time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def proved_again(request: HttpRequest, method: str) -> None:
    """Notes a fresh proof; the session gets a new key."""
    flow.record_authentication(request, person(request), method=method, reauthenticated=True)
    request.session.cycle_key()


def freshly_proved(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that changes how one logs in: who proved himself too long ago does it again first."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_fresh(request):
            return view(request, *args, **kwargs)
        whole = request.method == "GET" and not is_fragment(request)
        back = request.get_full_path() if whole else reverse("accounts:security")
        url = f"{reverse('accounts:prove')}?{urlencode({'next': back})}"
        return done(request, url) if is_fragment(request) else redirect(url)

    return guarded


def wants_options(request: HttpRequest) -> bool:
    """Whether the page asks what to hand to the browser's passkey dialog."""
    return "options" in request.POST


def options(request: HttpRequest, user: User | None) -> JsonResponse:
    """What the browser needs to prove a passkey of `user`, or of whoever is there."""
    if not request.user.is_authenticated:
        request.session.set_expiry(settings.ACCOUNT_LOGIN_TIMEOUT)
    return JsonResponse(auth.begin_authentication(user))


def new_options(user: User) -> JsonResponse:
    """What the browser needs to make a passkey that opens without a name and a password, too."""
    return JsonResponse(auth.begin_registration(user, passwordless=True))


def credential(request: HttpRequest) -> dict[str, Any]:
    """What the browser's passkey dialog gave. Raises Invalid."""
    text = request.POST.get("credential", "")
    try:
        found = json.loads(text) if len(text) <= MAX_CREDENTIAL else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("response"), dict):
        raise _refused()
    return found


def register(request: HttpRequest) -> dict[str, Any]:
    """A new passkey, checked against the question of this session. Raises Invalid."""
    found = credential(request)
    _checked(lambda: auth.complete_registration(auth.parse_registration_response(found)))
    return found


def authenticate(request: HttpRequest, user: User | None) -> Authenticator:
    """The passkey that answers the question of this session: of `user`, or of whoever it belongs to. Raises Invalid."""
    found = credential(request)
    owner = user or _checked(lambda: auth.extract_user_from_response(found))
    answer = _checked(lambda: auth.parse_authentication_response(found))
    row: Authenticator = _checked(lambda: auth.complete_authentication(owner, answer))
    second_factor.used_passkey(row)
    return row


def _checked(act: Callable[[], Any]) -> Any:
    """What `act` returns; whatever a hostile answer of the browser breaks in the library is one refusal."""
    try:
        return act()
    except BROKEN as error:
        raise _refused() from error


def _refused() -> Invalid:
    return Invalid(_("The passkey was not accepted. Try again, or use another way."))
