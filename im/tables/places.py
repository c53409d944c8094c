"""Addresses in the place, staff or portal, where a request arrived."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.urls import reverse

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

    class Request(HttpRequest):
        """One that the gate has let through."""

        user: User


def url(request: Request, name: str, *args: int) -> str:
    """An address of this app in the place (staff or portal) where the request arrived."""
    match = request.resolver_match
    return reverse(f"im:{name}", args=args, current_app=match.namespace if match else None)


def new_client_id() -> str:
    """A name for a message before it is sent."""
    return uuid.uuid4().hex
