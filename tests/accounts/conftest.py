"""What the page tests of accounts share."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.factories.accounts import PASSWORD

LOGIN = "/login/"


@pytest.fixture(autouse=True)
def _no_hooks(settings: Settings) -> None:
    """What contacts says about identities has its own tests; here every external login is usable."""
    settings.EXTERNAL_USABLE = settings.EXTERNAL_WHY = settings.CREDENTIALS_ISSUED = ""
    settings.CREDENTIALS_READABLE = ""


@pytest.fixture
def enter() -> Callable[..., Client]:
    """A client that logged in through the page."""

    def log_in(user: User, password: str = PASSWORD) -> Client:
        client = Client()
        answer = client.post(LOGIN, {"username": user.username, "password": password})
        assert answer.status_code == 302, answer.content.decode()[:2000]
        return client

    return log_in
