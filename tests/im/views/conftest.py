"""Clients of the people of the tests. What stands in front of the portal has its own tests, so it is left out here."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User

LEFT_OUT = {"portal.middleware.PortalGateMiddleware"}


@pytest.fixture(autouse=True)
def _place(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.im.urls"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name not in LEFT_OUT]
    settings.EXTERNAL_USABLE = ""
    settings.NAV_PROVIDERS = ("im.nav.items",)
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def as_() -> Callable[[User], Client]:
    """as_(user) is a browser in which `user` is logged in."""

    def login(user: User) -> Client:
        User.objects.filter(pk=user.pk).update(language="en")
        client = Client()
        client.force_login(user, backend="accounts.backends.LoginBackend")
        return client

    return login


@pytest.fixture
def htmx() -> dict[str, str]:
    """Headers of a request that asks for a piece of a page."""
    return {"HX-Request": "true"}
