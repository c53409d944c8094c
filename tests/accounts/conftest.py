"""What the page tests of accounts share."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.factories.accounts import PASSWORD

LOGIN = "/login/"


@pytest.fixture
def enter() -> Callable[..., Client]:
    """A client that logged in through the page."""

    def log_in(user: User, password: str = PASSWORD) -> Client:
        client = Client()
        answer = client.post(LOGIN, {"username": user.username, "password": password})
        assert answer.status_code == 302, answer.content.decode()[:2000]
        return client

    return log_in
