"""Helpers for views that answer a page or a fragment."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def is_fragment(request: HttpRequest) -> bool:
    """True when htmx asks for a piece of the page (not a boosted link, not a history restore)."""
    details: Any = getattr(request, "htmx", None)
    if not details:
        return False
    return not (details.boosted or details.history_restore_request)


def page(
    request: HttpRequest,
    template: str,
    fragment: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """The full page, or the same partial that the page includes when htmx asks for it."""
    name = fragment if is_fragment(request) else template
    response = render(request, name, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def trigger(response: HttpResponse, **events: Any) -> HttpResponse:
    """Adds client events, for example toast="已停用 3 个账号"."""
    current = json.loads(response.headers.get("HX-Trigger", "{}"))
    response["HX-Trigger"] = json.dumps(
        current
        | {
            key: str(value) if not isinstance(value, dict | list | bool | int) else value
            for key, value in events.items()
        }
    )
    return response


def done(request: HttpRequest, url: str, **events: Any) -> HttpResponse:
    """After a successful POST: an htmx redirect with events, or an ordinary redirect."""
    if is_fragment(request):
        return trigger(HttpResponse(status=204, headers={"HX-Redirect": url}), **events)
    return HttpResponse(status=303, headers={"Location": url})
