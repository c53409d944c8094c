"""The home folder of one installation: where data, sockets, logs, locks and secrets stand.

`WAILIAN_HOME` names it; `var` in the checkout is the default. Two checkouts have two homes and do
not know of each other.

A root user may keep the checkout below a 0700 folder that the account of the servers cannot enter.
Then only data and sockets move to a place that it can reach, remembered in `place.json`; nothing
is ever loosened on the folders above the home.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.embedded import process
from core.embedded.errors import EmbeddedError

CHECKOUT = Path(__file__).resolve().parents[2]
ROOT_DATA = Path("/var/lib/wailian")
# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included. The longest name
# that is ever bound or created beside a socket is PostgreSQL's lock file.
SOCKET_LIMIT = 103
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the servers of a home keep their things; the same for both servers."""

    data: Path
    sockets: Path
    account: process.Account


@dataclass(frozen=True, slots=True)
class Home:
    root: Path

    @property
    def state_file(self) -> Path:
        return self.root / "services.json"

    def log(self, name: str) -> Path:
        folder = self.root / "logs"
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder / f"{name}.log"

    @contextlib.contextmanager
    def start_lock(self) -> Iterator[None]:
        """Held while servers start or stop: two commands at once must not race."""
        with (self.root / "start.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def join_users(self) -> IO[str]:
        """Sign up as somebody who uses the servers; the kernel signs off whoever dies."""
        file = (self.root / "users.lock").open("w")
        fcntl.flock(file, fcntl.LOCK_SH)
        return file

    def is_last_user(self, membership: IO[str]) -> bool:
        """Whether nobody else uses the servers. Ask under `start_lock`, then close the file."""
        try:
            fcntl.flock(membership, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def write(self, name: str, content: dict[str, object], *, mode: int = 0o644) -> None:
        """Replace a small JSON file in one step: a reader sees the old one or the new one."""
        target = self.root / name
        fresh = self.root / f".{name}.{os.getpid()}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
            json.dump(content, file, indent=1)
        fresh.replace(target)

    def read(self, name: str) -> dict[str, object]:
        try:
            content = json.loads((self.root / name).read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def secret(self, name: str) -> str:
        """A key of this installation, made once and readable by its owner only.

        Shaped as a Fernet key (32 random bytes, URL-safe base64), which also serves as SECRET_KEY.
        """
        known = self.read("secrets.json")
        value = known.get(name)
        if not isinstance(value, str):
            value = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
            self.write("secrets.json", {**known, name: value}, mode=0o600)
        return value

    def place(self) -> Place:
        """Find (and create) where the servers keep data and sockets. Ask under `start_lock`."""
        remembered = self.read("place.json")
        account = process.service_account(self._data_dir(remembered) / "postgres", self.root)
        data = self.root if _can_enter(self.root, account) else self._outside(account)
        sockets = _sockets(data, account, remembered.get("sockets"))
        self.write("place.json", {"data": str(data), "sockets": str(sockets)})
        return Place(data=data, sockets=sockets, account=account)

    def _data_dir(self, remembered: dict[str, object]) -> Path:
        data = remembered.get("data")
        return Path(data) if isinstance(data, str) else self.root

    def _outside(self, account: process.Account) -> Path:
        if not account.drops:
            raise EmbeddedError(
                f"{self.root} belongs to another user; set WAILIAN_HOME to your own"
            )
        name = hashlib.sha256(str(self.root).encode()).hexdigest()[:16]
        folder = ROOT_DATA / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        return folder


def open_home(root: Path | str | None = None) -> Home:
    """The home folder, made when missing: 0700, or 0711 for root, whose servers run as another.

    Raises EmbeddedError when it cannot be used.
    """
    named = root or os.environ.get("WAILIAN_HOME") or CHECKOUT / "var"
    path = Path(named).expanduser().resolve()
    try:
        _make(path)
    except PermissionError as error:
        raise EmbeddedError(
            f"The folder {path} cannot be written; set WAILIAN_HOME to one of your own"
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise EmbeddedError(f"{path} belongs to another user; set WAILIAN_HOME to your own")
    return Home(path)


def _make(path: Path) -> None:
    """The folder with its mode; one that exists is somebody's own choice and keeps his."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(parents=True)
        path.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _can_enter(folder: Path, account: process.Account) -> bool:
    """Asked of the kernel as that account: modes, ACLs and mounts are all in the answer."""
    if not account.drops:
        return os.access(folder, os.X_OK)
    return process.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder], account=account).returncode == 0


def _sockets(data: Path, account: process.Account, remembered: object) -> Path:
    beside = data / "run"
    if len(os.fsencode(beside / LONGEST_SOCKET_NAME)) <= SOCKET_LIMIT:
        beside.mkdir(exist_ok=True)
        beside.chmod(0o700)
        account.own(beside)
        return beside
    if isinstance(remembered, str) and _is_private(Path(remembered), account):
        return Path(remembered)
    # mkdtemp makes it 0700. Not $TMPDIR, which may be as deep as the home.
    short = Path(tempfile.mkdtemp(prefix="wailian-", dir="/tmp"))
    account.own(short)
    return short


def _is_private(folder: Path, account: process.Account) -> bool:
    """A remembered folder in /tmp is used again only when nobody else can have made it."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == account.uid
        and stat.S_IMODE(status.st_mode) == 0o700
    )
