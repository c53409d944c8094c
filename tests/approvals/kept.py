"""A whole site of its own with pages, worker and schedule, looked after as by `make run`: whatever is killed comes back
without a person's help.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psycopg
from django.conf import settings

from core.embedded import ensure, open_home, process
from core.embedded.supervise import Address, Site
from tests.accounts.gateway import TOKEN, Gateway
from tests.im.live.sites import copy
from tests.im.live.streams import ROOT, free_port, own_database_url


@dataclass
class Kept:
    """The site under its supervisor."""

    site: Site
    environ: dict[str, str]

    def manage(self, *words: str) -> int:
        """The exit code of a command of this site."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=ROOT, env=os.environ | self.environ).returncode

    def pids(self, name: str) -> list[int]:
        """Of worker, beat, web with their children, the leader first; or of postgres, valkey."""
        if name in self.site.services.pids:
            return [self.site.services.pids[name]]
        child = next(one for one in self.site.children if one.name == name)
        assert child.popen is not None
        leader = child.popen.pid
        return [leader, *(pid for pid in process.group_members(leader) if pid != leader)]

    def kill(self, name: str) -> None:
        """Without a word."""
        for pid in self.pids(name):
            self.signal(pid, signal.SIGKILL)

    @staticmethod
    def signal(pid: int, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """It is there and answers nobody."""
        pids = self.pids(name)
        for pid in pids:
            self.signal(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                self.signal(pid, signal.SIGCONT)

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """[] while the database is away."""
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(self.site.services.database_url) as connection,
        ):
            return connection.execute(sql, values).fetchall()  # type: ignore[arg-type]
        return []


@contextlib.contextmanager
def kept_site(home: Path, gateway: Gateway | None = None, **more: str) -> Iterator[Kept]:
    """Begins with what stands in the database of the test, whose people keep their sessions. `more`: settings."""
    copied = own_database_url()
    names = ("DATABASE_URL", "REDIS_URL")
    with patch.dict(os.environ):
        for name in names:
            del os.environ[name]
        services = ensure("run", home=home)
    address = Address("127.0.0.1", free_port())
    site = Site(open_home(home), address, services)
    keeper = threading.Thread(target=site.look_after)
    try:
        copy(copied, services.database_url)
        (home / "data").mkdir(exist_ok=True)
        kept = Kept(site, _environment(site, gateway) | more)
        with patch.dict(os.environ, kept.environ):
            site.start_children()
        keeper.start()
        site.wait_until_up()
        yield kept
    finally:
        site.stopping = True
        if keeper.ident:
            keeper.join()
        site.stop()


def _environment(site: Site, gateway: Gateway | None) -> dict[str, str]:
    texts = {
        "SMS_GATEWAY_URL": gateway.settings["url"], "SMS_GATEWAY_TOKEN": TOKEN, "SMS_GATEWAY_ALLOW_LOOPBACK": "1",
    } if gateway else {}  # fmt: skip
    return texts | {
        "DATABASE_URL": site.services.database_url, "REDIS_URL": site.services.redis_url,
        "SECRET_KEY": settings.SECRET_KEY, "SECRETS_KEY": settings.SECRETS_KEY,
        "DJANGO_SETTINGS_MODULE": "config.settings", "DEMO": "1", "LOG_JSON": "0", "BASE_URL": site.address.url,
        "ALLOWED_HOSTS": site.address.host, "DATA_DIR": str(site.home.root / "data"),
    }  # fmt: skip
