"""Request id and source address for logs and audit; UserError turned into an answer that can be shown."""

import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from core import context
from core.errors import Throttled, UserError

Handler = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"^[A-Za-z0-9_-]{8,40}$")


def client_ip(request: HttpRequest) -> str:
    """The address of the client, behind TRUSTED_PROXIES proxies; a spoofed forwarded header changes nothing (T41)."""
    proxies: int = settings.TRUSTED_PROXIES
    remote = str(request.META.get("REMOTE_ADDR", ""))
    if not proxies:
        return remote
    forwarded = [
        part.strip()
        for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if part.strip()
    ]
    return forwarded[-proxies][:45] if len(forwarded) >= proxies else remote


class RequestContextMiddleware:
    """Gives each request an id and remembers where it came from."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "") if settings.TRUSTED_PROXIES else ""
        request_id = given if REQUEST_ID.match(given) else uuid.uuid4().hex
        agent = request.headers.get("User-Agent", "")[:200]
        with context.use(
            context.Context(request_id=request_id, ip=client_ip(request), user_agent=agent)
        ):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class ErrorMiddleware:
    """Answers UserError with its status and a page or fragment that says what to do; keeps private pages uncached."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            # No text of ours holds a NUL, and PostgreSQL takes none.
            response = self.refuse(request, UserError(_("This address is not complete.")))
        else:
            response = self.get_response(request)
        # Pages, refusals and redirects all look different to htmx.
        patch_vary_headers(response, ["HX-Request"])
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return self.refuse(request, error) if isinstance(error, UserError) else None

    @staticmethod
    def refuse(request: HttpRequest, error: UserError) -> HttpResponse:
        """The page or fragment that says what went wrong."""
        template = (
            "components/error_fragment.html"
            if getattr(request, "htmx", False)
            else f"{error.status}.html"
        )
        response = render(request, template, {"error": error}, status=error.status)
        if isinstance(error, Throttled):
            response["Retry-After"] = str(error.retry_after)
        return response
