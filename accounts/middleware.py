"""Language of the person, and what stands between a log-in and the rest of the product (matrix row 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from accounts import hooks, selectors
from accounts.backends import person_of
from accounts.models import User
from accounts.services.login import from_this_machine
from core.htmx import is_fragment

Handler = Callable[[HttpRequest], HttpResponse]

# Open to everybody: probes carry no session.
PUBLIC = frozenset({"healthz", "readyz"})
# Reached while a second factor is still due.
SET_UP = frozenset(
    {
        "accounts:security", "accounts:totp-add", "accounts:passkey-add", "accounts:recovery-codes",
        "accounts:prove",
    }
)  # fmt: skip
# Reached while anything is still due.
ALWAYS = PUBLIC | {"accounts:logout", "accounts:preferences", "accounts:login"}


class SessionMiddleware(DjangoSessionMiddleware):
    """As in Django, but the cookie stays when its key was replaced a moment ago by a request beside this one: taking it
    away would take the new one.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if _replaced(request) and request.session.is_empty():
            patch_vary_headers(response, ["Cookie"])
            return response
        return super().process_response(request, response)


class PersonMiddleware(AuthenticationMiddleware):
    """As in Django; session and person are read in one query."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: person_of(request))  # type: ignore[assignment]  # as Django does


class LanguageMiddleware:
    """Profile, then cookie, then Chinese: the interface opens in Chinese whatever the browser prefers."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.known = {code for code, _name in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = self._language(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Cookie"])
        return response

    def _language(self, request: HttpRequest) -> str:
        chosen = [
            getattr(request.user, "language", ""),
            request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
        ]
        return next((code for code in chosen if code in self.known), settings.LANGUAGE_CODE)


class AccountGateMiddleware:
    """Asked before every view: who is logged out after all, who has a duty first, who must log in.

    A view is open to anonymous visitors only when it says so (`login_not_required`).
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            if self._may_stay(request, request.user):
                request.session.touch()  # type: ignore[attr-defined]  # accounts.sessions.SessionStore
            else:
                logout(request)
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if not request.user.is_authenticated:
            if name in PUBLIC or not getattr(view, "login_required", True):
                return None
            return _again(request) if _replaced(request) else _to_login(request)
        duty = self._duty(request.user, name)
        return _go(request, duty) if duty else None

    @staticmethod
    def _may_stay(request: HttpRequest, user: Any) -> bool:
        """`is_active` was checked when the person was loaded (accounts.backends)."""
        if user.demo and not from_this_machine(request):
            return False
        return not user.is_external or hooks.external_usable(user)

    @staticmethod
    def _duty(user: User, name: str) -> str:
        """Address of what comes first, or ""."""
        if name in ALWAYS:
            return ""
        if user.must_change_password:
            return "" if name == "accounts:password" else reverse("accounts:password")
        if selectors.factor_due(user):
            return "" if name in SET_UP else reverse("accounts:security")
        if name in ("accounts:privacy", "accounts:password") or not user.is_external:
            return ""
        return reverse("accounts:privacy") if selectors.notice_to_accept(user) else ""


def _replaced(request: HttpRequest) -> bool:
    return bool(getattr(request.session, "replaced", False))


def _again(request: HttpRequest) -> HttpResponse:
    """The same page once more, with the cookie that the browser has by now; what was sent is not done."""
    if request.method in ("GET", "HEAD"):
        return HttpResponse(status=204) if is_fragment(request) else _same(request.get_full_path())
    return HttpResponse(status=409) if is_fragment(request) else _same("/")


def _same(url: str) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": url})


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _to_login(request: HttpRequest) -> HttpResponse:
    """The log-in page; an htmx request gets a 401 that makes the whole page go there."""
    fragment = is_fragment(request)
    back = request.headers.get("HX-Current-URL", "") if fragment else request.get_full_path()
    wanted = _path_of(back) if request.method == "GET" or fragment else ""
    url = reverse("accounts:login") + (
        f"?{urlencode({'next': wanted})}" if wanted not in ("", "/") else ""
    )
    if fragment:
        return HttpResponse(status=401, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _path_of(url: str) -> str:
    """The path of an address; the log-in page checks it again before it goes there."""
    if "://" in url:
        url = "/" + url.split("://", 1)[1].partition("/")[2]
    return url
