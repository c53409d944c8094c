"""Subscribing a browser. The worker that shows what a push service brings is the same for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import Hidden
from im.channels import push
from im.services import push as services

if TYPE_CHECKING:
    from im.tables.places import Request


@login_not_required
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. Its scope is /push/, below which no page lies: it takes part in no request."""
    return render(request, "im/push_worker.js", content_type="text/javascript; charset=utf-8")


@require_POST
def key(request: Request) -> HttpResponse:
    """The public key of the installation, which a browser subscribes with. Made on first use, so not by looking."""
    _require_configured()
    return HttpResponse(push.key_pair().public, content_type="text/plain")


def _require_configured() -> None:
    if not push.PushChannel().configured():
        raise Hidden(_("This installation sends nothing to browsers."))


@require_POST
def subscribe(request: Request) -> HttpResponse:
    """This browser wants to be told."""
    _require_configured()
    services.subscribe(
        by=request.user, browser=services.browser_of(request.session),
        user_agent=request.headers.get("User-Agent", ""),
        **{name: request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")},
    )  # fmt: skip
    return HttpResponse(status=204)


@require_POST
def unsubscribe(request: Request) -> HttpResponse:
    """This browser does not want to be told any more."""
    services.unsubscribe(by=request.user, endpoint=request.POST.get("endpoint", "")[:1001])
    return HttpResponse(status=204)


@require_POST
def claim(request: Request) -> HttpResponse:
    """A browser with a subscription has somebody logged in: 204 when it is his, 205 when it should give it up."""
    browser, endpoint = services.browser_of(request.session), request.POST.get("endpoint", "")
    mine = services.claim(by=request.user, browser=browser, endpoint=endpoint[:1001])
    return HttpResponse(status=204 if mine else 205)
