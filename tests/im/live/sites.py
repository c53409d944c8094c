"""A site of its own beside the one of the tests, with a database and a Redis that may be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from core.embedded import EmbeddedError, Services, binaries, ensure, open_home
from tests.im.live.streams import Server, own_database_url, wait_for


@dataclass
class OwnSite:
    """Pages and streams in processes of their own."""

    services: Services
    pages: Server
    streams: Server

    def kill(self, name: str) -> None:
        """Ends one of pages, streams, valkey and postgres without a word, and starts it again at the same address."""
        if name in ("pages", "streams"):
            server: Server = getattr(self, name)
            assert server.popen is not None
            server.popen.kill()
            server.popen.wait(20)
            server.start()
            return
        os.kill(self.services.pids[name], signal.SIGKILL)
        wait_for(lambda: name in self._revived(), 30)

    def _revived(self) -> list[str]:
        with contextlib.suppress(EmbeddedError):
            return self.services.revive()
        return []

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.services.database_url) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type,call-overload]


@contextlib.contextmanager
def own_site(home: Path) -> Iterator[OwnSite]:
    """Begins with what stands in the database of the test, whose people keep their sessions."""
    copied = own_database_url()
    kept = {name: os.environ.pop(name) for name in ("DATABASE_URL", "REDIS_URL")}
    try:
        services = ensure("run", home=home)
    finally:
        os.environ |= kept
    # With DEMO the pages hand out static files themselves: no step before has collected them.
    addresses = {
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "DEMO": "1",
    }
    servers = [Server(module, more=addresses) for module in ("config.asgi", "config.live")]
    try:
        copy(copied, services.database_url)
        for server in servers:
            server.start()
        yield OwnSite(services, *servers)
    finally:
        for server in servers:
            server.stop()
        services.stop()


def copy(source: str, target: str) -> None:
    """One database into another, which is empty."""
    programs = binaries.postgres(open_home().place().account)
    dump = subprocess.Popen([programs / "pg_dump", "-O", "-x", source], stdout=subprocess.PIPE)
    restore = [
        programs / "psql",
        "-X",
        "-q",
        "-1",
        "-v",
        "ON_ERROR_STOP=1",
        "-o",
        "/dev/null",
        target,
    ]
    subprocess.run(restore, stdin=dump.stdout, check=True)
    assert dump.wait() == 0
