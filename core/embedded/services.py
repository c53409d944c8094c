"""Both servers of a home together: start, find, share, stop."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from core.embedded.errors import EmbeddedError
from core.embedded.home import Home, Place, open_home
from core.embedded.postgres import Postgres
from core.embedded.valkey import Valkey

Kind = Literal["run", "test"]


@dataclass(slots=True)
class Services:
    """The addresses to use, and a membership that keeps the servers up until `stop`."""

    home: Home
    database_url: str
    redis_url: str
    pids: dict[str, int]
    _servers: list[Postgres | Valkey] = field(default_factory=list)
    _membership: IO[str] | None = None

    def export(self, environ: MutableMapping[str, str]) -> None:
        """Write the two addresses where settings read them."""
        environ["DATABASE_URL"] = self.database_url
        environ["REDIS_URL"] = self.redis_url

    def _start(self, kind: Kind, place: Place) -> None:
        if not self.database_url:
            postgres = Postgres(self.home, place, kind)
            self._servers.append(postgres)
            self.pids[postgres.name], self.database_url = postgres.start(), postgres.url
        if not self.redis_url:
            valkey = Valkey(self.home, place, kind)
            self._servers.append(valkey)
            self.pids[valkey.name], self.redis_url = valkey.start(), valkey.url
        addresses = {"database_url": self.database_url, "redis_url": self.redis_url}
        self.home.write(self.home.state_file.name, {"kind": kind, **addresses, "pids": self.pids})

    def revive(self) -> list[str]:
        """Start again what has ended meanwhile, at the same address; the names of what was gone.

        Raises EmbeddedError when it does not come up.
        """
        gone = [server for server in self._servers if not server.pid()]
        if not gone:
            return []
        with self.home.start_lock():
            for server in gone:
                self.pids[server.name] = server.start()
        return [server.name for server in gone]

    def stop(self) -> None:
        """Sign off; whoever is the last user of the home also stops its servers. Safe to repeat."""
        membership, self._membership = self._membership, None
        if membership is None:
            return
        with membership, self.home.start_lock():
            if not self.home.is_last_user(membership):
                return
            for server in reversed(self._servers):
                server.stop()
            self.home.state_file.unlink(missing_ok=True)


def ensure(kind: Kind, *, home: Path | str | None = None) -> Services:
    """Have both servers up and stay signed up as their user until `Services.stop`.

    A server whose address is in the environment already (DATABASE_URL, REDIS_URL) is not started.
    `kind` decides what a crash may cost: "run" survives a power cut, "test" does not.
    Raises EmbeddedError with words for the terminal.
    """
    folder = open_home(home)
    database_url = os.environ.get("DATABASE_URL", "")
    redis_url = os.environ.get("REDIS_URL", "")
    services = Services(folder, database_url, redis_url, {})
    if database_url and redis_url:
        return services
    try:
        with folder.start_lock():
            services._membership = folder.join_users()
            services._start(kind, folder.place())
    except PermissionError as error:
        services.stop()
        raise EmbeddedError(
            f"{error.filename} belongs to another user; set WAILIAN_HOME to a folder of your own"
        ) from error
    except BaseException:
        services.stop()
        raise
    return services


def running(*, home: Path | str | None = None) -> Services | None:
    """The servers of a home when they are up, for looking only: no membership, `stop` does nothing."""
    folder = open_home(home)
    state = folder.read(folder.state_file.name)
    if not state:
        return None
    with folder.start_lock():
        place = folder.place()
    servers: dict[str, Postgres | Valkey] = {
        "postgres": Postgres(folder, place, "run"),
        "valkey": Valkey(folder, place, "run"),
    }
    recorded = state.get("pids")
    names = recorded if isinstance(recorded, dict) else {}
    pids = {name: servers[name].pid() for name in names}
    if not pids or not all(pids.values()):
        return None
    return Services(folder, str(state["database_url"]), str(state["redis_url"]), pids)


def stop_unused(home: Path | str) -> bool:
    """Stop what a killed process left running; False when somebody is still signed up."""
    folder = open_home(home)
    with folder.start_lock(), folder.join_users() as membership:
        if not folder.is_last_user(membership):
            return False
        place = folder.place()
        Valkey(folder, place, "run").stop()
        Postgres(folder, place, "run").stop()
        folder.state_file.unlink(missing_ok=True)
    return True


def prepare_environment(kind: Kind, *, home: Path | str | None = None) -> Services:
    """Everything settings need from outside: both addresses and the keys of this installation.

    Keys that the environment already holds win. Where both addresses came from outside too this is
    a production machine, which must bring its own keys: none are made up for it.
    """
    embedded = not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
    services = ensure(kind, home=home)
    services.export(os.environ)
    if embedded or (services.home.root / "secrets.json").exists():
        for name in ("SECRET_KEY", "SECRETS_KEY"):
            os.environ.setdefault(name, services.home.secret(name))
    return services
