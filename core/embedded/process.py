"""Processes: started under the right user, recognised by their command line, ended by pid.

A pid alone proves nothing: after a crash or a reboot the number may belong to somebody else. Every
function that ends a process therefore also asks for a piece of its command line.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypedDict

POLL_SECONDS = 0.03


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system account that a server runs under."""

    uid: int
    gid: int

    @property
    def drops(self) -> bool:
        """True when we are root and must become this account first."""
        return os.geteuid() == 0 and self.uid != 0

    def identity(self) -> _Identity:
        if not self.drops:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give `path` itself (not what is below it) to the account."""
        if self.drops:
            os.chown(path, self.uid, self.gid)


def service_account(*owned: Path) -> Account:
    """Who runs the servers whose data (or whose home) stand in `owned`, the first that exists.

    PostgreSQL refuses uid 0. What an ordinary user made stays his, so that the same checkout can
    be started by root and by him in turn; otherwise root becomes `nobody`.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for path in owned:
        if path.exists() and path.stat().st_uid != 0:
            return Account(path.stat().st_uid, path.stat().st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534)
    return Account(nobody.pw_uid, nobody.pw_gid)


def clean_environment() -> dict[str, str]:
    """No PG* variable or locale of the caller may change what a server does."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def run(
    command: Sequence[str | Path],
    *,
    account: Account | None = None,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run a short command to its end; the caller looks at the return code."""
    identity = account.identity() if account else {}
    return subprocess.run(
        [str(part) for part in command],
        cwd="/",
        env=clean_environment(),
        text=True,
        errors="replace",
        capture_output=True,
        timeout=timeout,
        check=False,
        **identity,
    )


def spawn(
    command: Sequence[str | Path],
    *,
    account: Account | None = None,
    log: IO[bytes] | None = None,
    cwd: Path = Path("/"),
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own: Ctrl-C at the terminal must not reach it directly."""
    identity = account.identity() if account else {}
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(env) if env is not None else clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        **identity,
    )


def command_line(pid: int) -> str:
    """The command line of a process, empty when there is none (or only a zombie)."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    except (ProcessLookupError, PermissionError):
        return ""
    answer = subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(pid)], text=True, capture_output=True, check=False
    )
    return answer.stdout.strip()


def is_ours(pid: int, *, marker: str) -> bool:
    """Whether `pid` is alive and its command line holds `marker`."""
    return pid > 0 and marker in command_line(pid)


def stop(
    pid: int,
    *,
    marker: str,
    signals: Sequence[tuple[signal.Signals, float]],
) -> bool:
    """End a process that is ours: each signal in turn, with the seconds it is given.

    Returns True when it is gone (or was never ours).
    """
    for signum, seconds in signals:
        if not is_ours(pid, marker=marker):
            return True
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            return True
        if wait_gone(pid, marker=marker, seconds=seconds):
            return True
    return not is_ours(pid, marker=marker)


def wait_gone(pid: int, *, marker: str, seconds: float) -> bool:
    """Wait until the process has ended; reaps it when it is a child of this process."""
    deadline = time.monotonic() + seconds
    while is_ours(pid, marker=marker):
        reap(pid)
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    reap(pid)
    return True


def reap(pid: int) -> None:
    """Collect an ended child; nothing happens when it is not ours or still runs."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def log_tail(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log file, for an error message."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def group_members(leader: int) -> list[int]:
    """The pids of a process group. A zombie is no member: it has closed its files and ports."""
    if Path("/proc/self/stat").exists():
        return [pid for pid in _numbered_processes() if _group_of(pid) == leader]
    answer = subprocess.run(
        ["/bin/ps", "-axo", "pid=,pgid=,stat="], text=True, capture_output=True, check=False
    )
    rows = [line.split() for line in answer.stdout.splitlines()]
    return [int(pid) for pid, group, state in rows if int(group) == leader and state[0] != "Z"]


def _numbered_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _group_of(pid: int) -> int:
    try:
        # The name before it, in parentheses, may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    state, group, threads = fields[0], int(fields[2]), int(fields[17])
    # The first thread may be a zombie while another one still holds the port.
    return 0 if state == "Z" and threads <= 1 else group
