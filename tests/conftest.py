"""What every test gets: cheap password hashes, plain static files, an empty cache, a browser if there is one."""

from __future__ import annotations

import functools
import gc
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.cache import cache
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.http import HttpRequest
from django.test import Client, TransactionTestCase
from playwright.sync_api import expect
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from accounts.sessions import SessionStore

CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
NO_BROWSER = "no Chromium found: install one or name it in CHROMIUM"
BROWSER_FIXTURES = frozenset({"page", "context", "browser", "playwright", "new_context"})
LEFT_OUT = pytest.StashKey[int]()
SERVED_SECONDS = 10.0
# A page on a busy machine; what must be quick says so itself.
PATIENCE_MS = 10_000
# What every installation has after its migrations, and no test changes.
STAYING = frozenset({"django_content_type", "auth_permission"})
# Modules whose tests share something costly (a browser, a site, a world) stay on one worker.
TOGETHER = (
    "tests/e2e/",
    "tests/ui/",
    "tests/portal/test_seed.py",
    "tests/security/test_canary.py",
    "tests/security/test_http.py",
    "tests/security/test_streams.py",
    "tests/contacts/test_plans.py",
    "tests/wecom_sync/test_run_errors.py",
    "tests/im/live/test_process.py",
    "tests/im/live/test_browser.py",
)
# Windows of a browser without a head have an address bar all the same, drawn by pages of their own: half of what a
# browser costs. The switch counts once, so what playwright turns off with it is named here too.
WITHOUT = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying",
    "OptimizationHints", "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning",
)  # fmt: skip
# Nothing of a browser under test may leave the machine or wait for somebody who is not there.
BROWSER_ARGS = [
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--disable-features={','.join(WITHOUT)}",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


def pytest_configure(config: pytest.Config) -> None:
    """Settings that only cost time in tests, or need a build step that tests do not run."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    static = Path(os.environ["WAILIAN_HOME"]) / "static"
    static.mkdir(exist_ok=True)
    settings.STATIC_ROOT = static
    # Workers share one Valkey: each has its own keys.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    default = settings.CACHES["default"]
    settings.CACHES = {**settings.CACHES, "default": {**default, "KEY_PREFIX": f"test-{worker}"}}
    config.stash[LEFT_OUT] = 0
    Client._login = log_in_at_once  # type: ignore[method-assign]
    TransactionTestCase._fixture_teardown = lambda case: empty_tables()  # type: ignore[attr-defined]


def empty_tables() -> None:
    """As Django's flush, which makes the files of a hundred tables anew, full or empty: forty times as slow."""
    wait_until_served()
    names = [name for name in every_table() if name not in STAYING]
    full = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in names)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(full)
        statements = [f"DELETE FROM {name}" for (name,) in cursor.fetchall()]
        # Neither foreign keys nor triggers: all of it goes.
        cursor.execute(";".join(["SET LOCAL session_replication_role = replica", *statements]))
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")


@functools.cache
def every_table() -> list[str]:
    return connection.introspection.django_table_names(only_existing=True, include_views=False)


def wait_until_served() -> None:
    """A page that was closed may still be served: emptying the tables under its hands ends in a deadlock."""
    busy = """SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend' AND state <> 'idle'"""
    deadline = time.monotonic() + SERVED_SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < deadline and cursor.execute(busy).fetchone():
            time.sleep(0.02)


def log_in_at_once(client: Client, user: AbstractBaseUser, backend: str | None = None) -> None:
    """As Django's, which writes a fresh session three times to change a key that nobody has seen."""
    request = HttpRequest()
    request.session = (
        client.session if settings.SESSION_COOKIE_NAME in client.cookies else _unseen()
    )
    login(request, user, backend)
    request.session.save()
    client._set_login_cookies(request)  # type: ignore[attr-defined]


def _unseen() -> SessionStore:
    session = SessionStore()
    session.cycle_key = lambda: None  # type: ignore[method-assign]
    return session


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests come last, module by module, so that every worker drives its own browser; the longest first.

    playwright leaves an event loop running in the test's thread: what comes after it would trip.
    Without a browser they are left out, and said so; on the gate (CI) they fail instead.
    """
    items.sort(key=lambda item: (needs_browser(item), item.path.stem != "test_story"))
    for item in items:
        if not needs_browser(item):
            continue
        item.add_marker(pytest.mark.e2e)
        if not CHROMIUM and not CI:
            item.add_marker(pytest.mark.skip(reason=NO_BROWSER))
            config.stash[LEFT_OUT] += 1


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there now stays to the end: looking through it again and again took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


class Together(LoadScopeScheduling):
    """The modules of TOGETHER as wholes, everything else test by test. (xdist's own groups are written into ids that
    pytest 9.2 no longer reads.)
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return path if path.startswith(TOGETHER) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    config.option.loadscopereorder = False  # browser tests stay last
    return Together(config, log)


def needs_browser(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return "e2e" in item.keywords or not BROWSER_FIXTURES.isdisjoint(fixtures)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Beside playwright's loop Django would refuse the database; elsewhere its refusal must show."""
    if "e2e" in item.keywords:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = sum(1 for report in skipped if NO_BROWSER in str(report.longrepr))
    if left_out or config.stash[LEFT_OUT]:
        number = max(left_out, config.stash[LEFT_OUT])
        terminalreporter.section("BROWSER TESTS WERE LEFT OUT", red=True, bold=True)
        terminalreporter.line(f"{number} tests: {NO_BROWSER}. CI=true makes this a failure.")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """The system's Chromium; playwright's own download is never used."""
    if not CHROMIUM:
        pytest.fail(NO_BROWSER)
    expect.set_options(timeout=PATIENCE_MS)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": [*BROWSER_ARGS, *sandbox],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    return {
        **browser_context_args,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": {"width": 1440, "height": 900},
    }


@pytest.fixture
def as_() -> Callable[[AbstractBaseUser], Client]:
    """as_(user) is a browser in which `user` is logged in."""

    def client_of(user: AbstractBaseUser) -> Client:
        client = Client()
        client.force_login(user, backend="accounts.backends.LoginBackend")
        return client

    return client_of


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A home with a short path that the servers of root can enter too (tmp_path is neither)."""
    folder = Path(tempfile.mkdtemp(prefix="wls-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _fresh_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test cached (throttles, tokens) must not reach the next one."""
    yield
    asks = {"db", "transactional_db", "client", "live_server"} & set(request.fixturenames)
    if asks or request.node.get_closest_marker("django_db"):
        cache.delete_many(_own_keys())


def _own_keys() -> list[str]:
    """Only this worker's keys: FLUSHDB would empty the neighbour's cache under its hands."""
    client = cache._cache.get_client()
    prefix = f"{cache.key_prefix}:{cache.version}:"
    return [key.decode().removeprefix(prefix) for key in client.scan_iter(match=f"{prefix}*")]
