"""`make run`: one process that brings a whole site up, keeps it up, and takes it down in order.

Order of the start: leftovers of a killed run, port, database and broker, migrations and demo data,
then worker, beat and web. Ctrl-C or SIGTERM stops web first, so that nobody writes while the rest goes.
"""

from __future__ import annotations

import fcntl
import http.client
import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from core.embedded import process
from core.embedded.children import Child, end_leftovers, remember
from core.embedded.errors import DidNotStart, EmbeddedError
from core.embedded.home import CHECKOUT, Home, open_home
from core.embedded.services import Services, prepare_environment

READY_SECONDS = 60.0
LOOK_SECONDS = 0.5
SERVICES_SECONDS = 3.0
# A demo has an invented 企业微信 beside it, in a process of its own, so that its synchronization can be tried.
STANDIN = "wecom_sync.standin"
# A worker can look alive and consume nothing after its broker came back (SECURITY T85).
WORKER_CHECK_SECONDS = 30.0
WORKER_STRIKES = 4


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Address:
    """Where the site listens."""

    host: str
    port: int

    @classmethod
    def from_environment(cls) -> Address:
        raw = os.environ.get("PORT") or "8000"
        if not raw.isdigit() or not 1 <= int(raw) <= 65535:
            raise EmbeddedError(f"PORT must be a number from 1 to 65535, not {raw!r}")
        return cls(os.environ.get("HOST") or "127.0.0.1", int(raw))

    @property
    def is_wildcard(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_unspecified
        except ValueError:
            return False

    @property
    def reach(self) -> str:
        """The host a browser on this machine uses."""
        host = "127.0.0.1" if self.is_wildcard else self.host
        return f"[{host}]" if ":" in host else host

    @property
    def url(self) -> str:
        return f"http://{self.reach}:{self.port}"

    def require_free(self) -> None:
        """Say early, and in words, that the port is taken."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise EmbeddedError(
                    f"Cannot listen on {self.host}:{self.port} ({error.strerror}). "
                    f"Choose another port: make run PORT={self.port + 1}"
                ) from error

    def get(self, path: str) -> tuple[int, bytes]:
        """One request to the site itself; status 0 when it does not answer."""
        connection = http.client.HTTPConnection(self.reach.strip("[]"), self.port, timeout=5)
        try:
            connection.request("GET", path, headers={"Host": f"{self.reach}:{self.port}"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()


@dataclass(slots=True)
class Site:
    """A running site: its services, its children and what to do with them."""

    home: Home
    address: Address
    services: Services
    children: list[Child] = field(default_factory=list)
    stopping: bool = False
    worker_strikes: int = 0

    def prepare(self) -> str:
        """Migrate and seed in one Django process; returns what it has to say (the demo logins)."""
        command = [sys.executable, "manage.py", "prepare_site"]
        env = dict(os.environ)
        if "postgres" in self.services.pids:
            # A cut here is repaired by preparing again; waiting for the disk after each of some
            # hundred commits makes the first start three times as long.
            env["PGOPTIONS"] = "-c synchronous_commit=off"
        done = subprocess.run(
            command, cwd=CHECKOUT, env=env, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            raise EmbeddedError(f"The database could not be prepared (exit {done.returncode})")
        return done.stdout.rstrip()

    def start_children(self) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "config"]
        state = self.home.root / "beat"
        state.mkdir(exist_ok=True)
        worker = [*celery, "worker", "--concurrency=2", "--without-gossip", "--without-mingle"]
        beat = [*celery, "beat", "--pidfile=", f"--schedule={state / 'schedule'}"]
        web = [
            *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
            *("--host", self.address.host, "--port", str(self.address.port)),
            # Who a proxy says it speaks for is for settings to judge (TRUSTED_PROXIES).
            *("--no-proxy-headers", "--no-server-header", "--no-access-log"),
            *("--timeout-graceful-shutdown", "5", "--lifespan", "on"),
        ]
        beside = [("wecom", self._standin(), 5.0)] if "WECOM_STANDIN_PORT" in os.environ else []
        for name, command, seconds in (
            ("worker", [*worker, "--loglevel=INFO"], 15.0),
            ("beat", [*beat, "--loglevel=INFO"], 5.0),
            *beside,
            ("web", web, 8.0),
        ):
            child = Child(name, command, self.home, dict(os.environ), stop_seconds=seconds)
            child.start()
            self.children.append(child)
        remember(self.home, self.children)

    @staticmethod
    def _standin() -> list[str]:
        port = os.environ["WECOM_STANDIN_PORT"]
        return [sys.executable, "-m", STANDIN, "--port", port, "--limit", "0"]

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        web = self.children[-1]
        while self.address.get("/healthz")[0] != 200 and not self.stopping:
            if not web.alive() or time.monotonic() > deadline:
                raise DidNotStart(
                    server="site",
                    reason=f"it does not answer; its log: {web.log_path}",
                    log_tail=process.log_tail(web.log_path),
                )
            time.sleep(0.1)

    def look_after(self) -> None:
        """Until told to stop: children, servers and the worker's pulse."""
        next_services = time.monotonic() + SERVICES_SECONDS
        next_worker = time.monotonic() + WORKER_CHECK_SECONDS
        while not self.stopping:
            for child in self.children:
                line = child.look_after()
                if line:
                    say(line)
                if child.alive() and child.started > time.monotonic() - 2 * LOOK_SECONDS:
                    remember(self.home, self.children)
            now = time.monotonic()
            if now >= next_services:
                next_services = now + SERVICES_SECONDS
                self.revive_services()
            if now >= next_worker:
                next_worker = now + WORKER_CHECK_SECONDS
                self.check_worker()
            time.sleep(LOOK_SECONDS)

    def revive_services(self) -> None:
        try:
            for name in self.services.revive():
                say(f"{name} was gone and has been started again")
        except EmbeddedError as error:
            say(str(error))

    def check_worker(self) -> None:
        """Strikes instead of one look: a long task or a slow start is no reason to end a worker."""
        status, body = self.address.get("/readyz")
        try:
            well = status == 0 or bool(json.loads(body).get("worker", True))
        except (ValueError, AttributeError):
            well = True
        self.worker_strikes = 0 if well else self.worker_strikes + 1
        if self.worker_strikes >= WORKER_STRIKES:
            self.worker_strikes = 0
            say("The worker gave no sign of life for minutes; starting it again")
            self.children[0].ask_to_end()

    def stop(self) -> None:
        """Web before the others; these end side by side."""
        for child in self.children[-1:]:
            child.stop()
        for child in self.children:
            child.ask_to_end()
        for child in self.children:
            child.stop()
        (self.home.root / "children.json").unlink(missing_ok=True)
        self.services.stop()

    def on_signal(self, _signum: int, _frame: FrameType | None) -> None:
        self.stopping = True


def only_one(home: Home) -> IO[str]:
    """Two supervisors of one home would fight over the same children."""
    lock = (home.root / "supervisor.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise EmbeddedError(
            f"This site runs already ({lock.read().strip()}); stop it there, "
            "or set WAILIAN_HOME and PORT for a second one"
        ) from None
    return lock


def set_defaults(home: Home, address: Address) -> None:
    """A demo on this machine; every one of these can be given from outside."""
    hosts = ["127.0.0.1", "localhost", "[::1]"]
    if not address.is_wildcard:
        hosts.append(address.reach)
    data = home.root / "data"
    data.mkdir(exist_ok=True, mode=0o700)
    for name, value in {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEMO": "1",
        "DATA_DIR": str(data),
        "BASE_URL": address.url,
        "ALLOWED_HOSTS": ",".join(dict.fromkeys(hosts)),
        "LOG_JSON": "0",
        "PYTHONUNBUFFERED": "1",
    }.items():
        os.environ.setdefault(name, value)
    if os.environ["DEMO"] == "1" and "WECOM_API_BASE" not in os.environ:
        port = free_port()
        os.environ |= {
            "WECOM_STANDIN_PORT": str(port), "WECOM_API_BASE": f"http://127.0.0.1:{port}",
            "WECOM_ALLOW_LOOPBACK": "1",
        }  # fmt: skip
    for name in ("SECRET_KEY", "SECRETS_KEY"):
        os.environ.setdefault(name, home.secret(name))


def free_port() -> int:
    """One that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve() -> None:
    address = Address.from_environment()
    home = open_home()
    lock = only_one(home)
    if end_leftovers(home):
        say("Ended what an earlier run had left behind")
    address.require_free()
    lock.truncate(0)
    lock.write(f"pid {os.getpid()}, {address.url}")
    lock.flush()
    set_defaults(home, address)
    say("Starting PostgreSQL and Valkey …")
    site = Site(home, address, prepare_environment("run"))
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, site.on_signal)
    try:
        logins = site.prepare()
        site.start_children()
        site.wait_until_up()
        say(
            f"\n外联通 Wailian: {address.url}\n{logins}\nLogs: {home.root / 'logs'}    Stop: Ctrl-C\n"
        )
        site.look_after()
    finally:
        say("Stopping …")
        site.stop()
        lock.close()


def main() -> None:
    try:
        serve()
    except EmbeddedError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
