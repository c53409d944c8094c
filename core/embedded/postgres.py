"""The embedded PostgreSQL: only its programs are taken from the wheel, the launcher is ours.

The wheel's own helper would, as root, create an operating-system user and open every folder above
the data for reading; it also ends the server with the Python process. None of that happens here.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from core.embedded import binaries, process
from core.embedded.errors import DidNotStart, EmbeddedError
from core.embedded.home import Home, Place

DATABASE = "wailian"
START_SECONDS = 60.0
# SIGINT is PostgreSQL's fast stop: clients are sent away, everything is written, no recovery next.
STOP_SIGNALS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
# With lc_ctype C a trigram index of Chinese text is empty and search finds nothing, silently.
CTYPE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
INITDB_OPTIONS = (
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    f"--locale={CTYPE}",
    "--encoding=UTF8",
    "--auth=trust",
    "--no-sync",
)
COMMON_SETTINGS = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "timezone=UTC",
    "log_timezone=UTC",
)
# A demo's data survive a power cut; a test's need not.
TEST_SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
    "jit=off",
)


@dataclass(frozen=True, slots=True)
class Postgres:
    """One cluster of one home."""

    home: Home
    place: Place
    kind: str
    name: ClassVar[str] = "postgres"

    @property
    def data(self) -> Path:
        return self.place.data / "postgres"

    @property
    def url(self) -> str:
        """The form django-environ and psycopg both take: the socket folder as `host` in the query.

        django-environ puts it into OPTIONS["host"] (and leaves HOST empty), so settings must add to
        OPTIONS and not replace it. The percent-encoded host form stays encoded there: do not use it.
        """
        return f"postgres://{DATABASE}@/{DATABASE}?host={quote(str(self.place.sockets))}"

    def pid(self) -> int:
        """The running server of these data, 0 when there is none (a stale pid file counts as none)."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return 0
        return pid if process.is_ours(pid, marker=str(self.data)) else 0

    def start(self) -> int:
        """Start the server, or find the one that runs; returns its pid. Raises EmbeddedError."""
        programs = binaries.postgres(self.place.account)
        self._create(programs)
        pid = self.pid()
        if not pid:
            self._clear_stale()
            pid = self._launch(programs)
        self._wait_ready(programs, pid)
        self._create_database(programs)
        return pid

    def stop(self) -> None:
        pid = self.pid()
        if pid:
            process.stop(pid, marker=str(self.data), signals=STOP_SIGNALS)

    def _create(self, programs: Path) -> None:
        version_file = self.data / "PG_VERSION"
        if version_file.exists():
            self._check_version(programs, version_file)
            return
        # Built beside and renamed: an initdb that was killed leaves nothing that looks finished.
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self.place.account.own(fresh)
        answer = process.run(
            [programs / "initdb", "-D", fresh, "-U", DATABASE, *INITDB_OPTIONS],
            account=self.place.account,
            timeout=120,
        )
        if answer.returncode:
            raise DidNotStart(server="PostgreSQL", reason="initdb failed", log_tail=answer.stderr)
        fresh.rename(self.data)

    def _check_version(self, programs: Path, version_file: Path) -> None:
        try:
            made_by = version_file.read_text().strip()
        except PermissionError as error:
            raise EmbeddedError(
                f"The data in {self.data} belong to another user; set WAILIAN_HOME to your own folder"
            ) from error
        ours = process.run([programs / "postgres", "--version"], account=self.place.account).stdout
        if made_by != ours.split()[-1].split(".")[0]:
            raise EmbeddedError(
                f"The data in {self.data} were made by PostgreSQL {made_by}, installed is {ours.strip()}. "
                "Back them up with the old version, or set WAILIAN_HOME to a new folder"
            )

    def _clear_stale(self) -> None:
        """After a crash the pid may belong to a stranger by now, which PostgreSQL would respect."""
        for leftover in (
            self.data / "postmaster.pid",
            self.place.sockets / ".s.PGSQL.5432.lock",
            self.place.sockets / ".s.PGSQL.5432",
        ):
            leftover.unlink(missing_ok=True)

    def _launch(self, programs: Path) -> int:
        settings = COMMON_SETTINGS + (TEST_SETTINGS if self.kind == "test" else ())
        options = [part for setting in settings for part in ("-c", setting)]
        command: list[str | Path] = [
            programs / "postgres",
            "-D",
            self.data,
            "-k",
            self.place.sockets,
            *options,
        ]
        log_path = self.home.log("postgres")
        deadline = time.monotonic() + 15
        while True:
            with log_path.open("ab") as log:
                child = process.spawn(command, account=self.place.account, log=log)
            if self._survives(child):
                return child.pid
            # Sessions of a killed server still hold its shared memory; they notice within seconds.
            tail = process.log_tail(log_path)
            if time.monotonic() > deadline or "shared memory" not in tail:
                raise DidNotStart(
                    server="PostgreSQL", reason=f"it ended with {child.returncode}", log_tail=tail
                )
            time.sleep(0.5)

    def _survives(self, child: subprocess.Popen[bytes]) -> bool:
        """True as soon as the server has written its pid file, False when it ended before."""
        while child.poll() is None:
            if self.pid() == child.pid:
                return True
            time.sleep(process.POLL_SECONDS)
        return False

    def _wait_ready(self, programs: Path, pid: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        ask: list[str | Path] = [
            programs / "pg_isready",
            "-q",
            "-h",
            self.place.sockets,
            "-U",
            DATABASE,
        ]
        while process.run(ask, account=self.place.account).returncode != 0:
            process.reap(pid)
            gone = not process.is_ours(pid, marker=str(self.data))
            if gone or time.monotonic() > deadline:
                raise DidNotStart(
                    server="PostgreSQL",
                    reason="it ended" if gone else f"no answer within {START_SECONDS:.0f} s",
                    log_tail=process.log_tail(self.home.log("postgres")),
                )
            time.sleep(process.POLL_SECONDS)

    def _create_database(self, programs: Path) -> None:
        connect: list[str | Path] = ["-h", self.place.sockets, "-U", DATABASE]
        # The role and the database have the same name.
        query = "SELECT 1 FROM pg_database WHERE datname = current_user"
        found = process.run(
            [programs / "psql", *connect, "-d", "postgres", "-XAtc", query],
            account=self.place.account,
        )
        if found.stdout.strip() == "1":
            return
        made = process.run([programs / "createdb", *connect, DATABASE], account=self.place.account)
        if made.returncode:
            raise DidNotStart(server="PostgreSQL", reason="createdb failed", log_tail=made.stderr)
