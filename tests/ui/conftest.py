"""The style guide in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.e2e.helpers import watch

Open = Callable[[str], Page]


@pytest.fixture
def guide(live_server: LiveServer, settings: Settings, page: Page) -> Open:
    """Opens an address below /styleguide/."""
    settings.ROOT_URLCONF = "tests.ui.urls"
    watch(page)

    def go(path: str) -> Page:
        page.goto(f"{live_server.url}/styleguide/{path}")
        return page

    return go
