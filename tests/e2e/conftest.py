"""A whole site as `make run` brings it up: supervisor, database, broker, worker, beat, web, demo data."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page
from pytest_django import Settings

from accounts.models import User
from tests.e2e.helpers import Open, watch

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180


@dataclass
class Site:
    """A running site of its own home; commands run against it."""

    url: str
    home: Path
    env: dict[str, str]
    logins: dict[str, dict[str, str]] = field(default_factory=dict)

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`manage.py` in the home of this site."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True, check=check, timeout=300,
        )  # fmt: skip

    def log(self) -> str:
        """The ends of the logs, for a failed start."""
        files = [*sorted((self.home / "logs").glob("*.log")), self.home / "supervisor.out"]
        return "\n".join(
            f"== {file.name}\n{file.read_text()[-3000:]}" for file in files if file.exists()
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(home: Path, port: int) -> dict[str, str]:
    """The test run's own database must not leak into the site."""
    ours = {
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "SECRETS_KEY",
        "DEBUG",
        "DJANGO_SETTINGS_MODULE",
        "DATA_DIR",
    }
    env = {key: value for key, value in os.environ.items() if key not in ours}
    return env | {"WAILIAN_HOME": str(home), "PORT": str(port)}


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def with_logins(site: Site) -> Site:
    """Fills in the demo log-ins, by their English role."""
    rows = json.loads(site.manage("demo_logins", "--json").stdout)
    site.logins = {row["role_en"]: row for row in rows}
    return site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The site with its demo data; ended with everything it started. SITE=<url> SITE_HOME=<home> uses a running one."""
    if os.environ.get("SITE"):
        url, home = os.environ["SITE"], Path(os.environ["SITE_HOME"])
        yield with_logins(
            Site(url=url, home=home, env=clean_environment(home, int(url.rsplit(":", 1)[1])))
        )
        return
    home = Path(tempfile.mkdtemp(prefix="wailian-site-"))
    home.chmod(0o711)  # the servers of root run as somebody else
    port = free_port()
    site = Site(url=f"http://127.0.0.1:{port}", home=home, env=clean_environment(home, port))
    with (home / "supervisor.out").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.embedded.supervise"],
            cwd=ROOT, env=site.env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready(site.url):
            assert process.poll() is None, f"the site ended by itself\n{site.log()}"
            assert time.monotonic() < deadline, f"the site did not come up\n{site.log()}"
            time.sleep(0.5)
        yield with_logins(site)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def open_as(context: BrowserContext, settings: Settings, request: pytest.FixtureRequest) -> Open:
    """Opens an address of the live server as somebody who is logged in; the console is listened to."""
    # Asked for here: the server of all tests starts only after a module has set what it needs.
    base = str(request.getfixturevalue("live_server").url)

    def go(user: User, path: str) -> Page:
        client = Client()
        client.force_login(user, backend="accounts.backends.LoginBackend")
        name = settings.SESSION_COOKIE_NAME
        context.clear_cookies()
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base}])
        page = context.new_page()
        watch(page)
        page.goto(base + path)
        return page

    return go
