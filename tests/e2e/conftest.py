"""Browser tests: playwright's event loop runs in the test's thread, where Django would refuse the database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def _database_beside_an_event_loop() -> Iterator[None]:
    """Only here: everywhere else a query inside a running loop is a mistake that must show."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield
