"""Every test run has a PostgreSQL and a Valkey of its own, thrown away at its end.

Loaded through `-p` in pyproject.toml, because the addresses must stand in the environment before
pytest-django reads the settings. Workers of xdist inherit them. A DATABASE_URL or REDIS_URL that is
set already is used as it is.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from core.embedded import EmbeddedError, Services, prepare_environment, stop_unused

PREFIX = "wailian-test-"
# A socket path must stay short, which $TMPDIR need not be; mkdtemp makes the folder private.
PLACE = Path("/tmp")
YOUNG_SECONDS = 60
SERVICES: list[Services] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """A wrapper runs before pytest-django's own hook, which loads the settings."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _start()
    return (yield)


def _start() -> None:
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=PREFIX, dir=PLACE))
    home.chmod(0o711)  # as root the servers run as somebody else
    # Never the keys or the data of the installation in this checkout.
    os.environ["WAILIAN_HOME"] = str(home)
    # Races use more threads than a pool has connections; test_supervise runs with the pool.
    os.environ.setdefault("DATABASE_POOL", "0")
    # Administrators of the tests have no second factor; what asks for one turns it on.
    os.environ["SECOND_FACTOR_REQUIRED"] = "0"
    os.environ["DATA_DIR"] = str(home / "data")
    for name in ("SECRET_KEY", "SECRETS_KEY"):
        os.environ.pop(name, None)
    (home / "secrets.json").write_text("{}")
    atexit.register(_stop, home)
    try:
        SERVICES.append(prepare_environment("test", home=home))
    except EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error


def _stop(home: Path) -> None:
    while SERVICES:
        SERVICES.pop().stop()
    shutil.rmtree(home, ignore_errors=True)


def _sweep() -> None:
    """Servers of a test run that was killed stay behind; nobody is signed up there any more."""
    for home in PLACE.glob(f"{PREFIX}*"):
        signed_up = home / "users.lock"
        with contextlib.suppress(OSError, EmbeddedError):
            # A run that starts at this moment is young, and is left alone.
            old = time.time() - signed_up.stat().st_mtime > YOUNG_SECONDS
            if old and home.stat().st_uid == os.geteuid() and stop_unused(home):
                shutil.rmtree(home, ignore_errors=True)


def pytest_unconfigure() -> None:
    """Workers never started anything; the list is empty there."""
    while SERVICES:
        SERVICES.pop().stop()
