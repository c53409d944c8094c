"""How django-allauth behaves here: nobody signs up, and a redirect never leaves this site (SECURITY T50)."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows import login as flow
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import throttle
from accounts.models import User
from accounts.services import login as services

BACKEND = "accounts.backends.LoginBackend"


def safe_next(request: HttpRequest, url: str | None) -> str:
    """`url` when it is a path of this site, else ""."""
    if not url or not url.startswith("/"):
        return ""
    if not url_has_allowed_host_and_scheme(
        url, {request.get_host()}, require_https=request.is_secure()
    ):
        return ""
    return url


def home_of(user: Any) -> str:
    """Where somebody lands without a wish: external people in the portal, staff on the first page."""
    if user.is_external:
        try:
            return reverse("portal:home")
        except NoReverseMatch:
            return "/"
    return "/"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts are opened by people who may, never by signing up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return home_of(request.user)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return resolve_url("accounts:login")

    def is_safe_url(self, url: str) -> bool:
        return bool(safe_next(self.request, url))

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return HttpResponse(status=303, headers={"Location": resolve_url("accounts:login")})

    def get_login_stages(self) -> list[str]:
        return ["accounts.stages.SecondFactorStage"]

    def post_login(self, request: HttpRequest, user: User, **values: Any) -> HttpResponse:
        """The session exists: the browser is remembered as his (T42), the log-in stands in the audit trail."""
        request.session.set_expiry(None)  # what waited for the log-in was short-lived
        response: HttpResponse = super().post_login(request, user, **values)
        services.opened(user=user, method=_methods(request, user))
        throttle.remember_device(response, user)
        return response

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """No "signed in as …": the page that follows says enough."""


def _methods(request: HttpRequest, user: User) -> str:
    """The proofs of a log-in in their order, as "password+totp"."""
    records = flow.get_authentication_records(request, user)
    return "+".join(str(one.get("type") or one["method"]) for one in records)


def enter(
    request: HttpRequest, user: User, *, next_url: str = "", method: str = "password"
) -> HttpResponse:
    """Goes on with somebody whom `services.login.check`, an activation link or a passkey let in: to the second step
    where he has one (accounts.stages), else to a session with a new key (T44).
    """
    user.backend = BACKEND
    flow.record_authentication(request, user, method=method)
    return begin(request, user, next_url=next_url)


def begin(request: HttpRequest, user: User, *, next_url: str = "") -> HttpResponse:
    """The stages of a log-in whose first proof has been noted."""
    user.backend = BACKEND
    login = Login(user=user, redirect_url=safe_next(request, next_url) or home_of(user))
    response: HttpResponse = flow.perform_login(request, login)
    return response
