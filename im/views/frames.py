"""The frame of the pages of messages: the list on the left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from im import tables
from im.forms import ListForm

if TYPE_CHECKING:
    from django.http import HttpResponse

    from im.tables.places import Request


def _shell(request: Request) -> str:
    return "base_portal.html" if request.user.is_external else "base_staff.html"


def framed(
    request: Request, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A full page: the list on the left, what `template` shows on the right."""
    current = context["thread"].conversation.pk if "thread" in context else None
    values = ListForm(request.GET).values() | {"current": current}
    values.pop("v")
    frame = {"shell": _shell(request), "listing": tables.listing(request, **values)}
    return vary(render(request, template, frame | context, status=status))


def vary(response: HttpResponse) -> HttpResponse:
    """Page and fragment stand under one address."""
    patch_vary_headers(response, ["HX-Request"])
    return response
