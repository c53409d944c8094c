"""The processes of a running site, each started again when it ends before its time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.embedded import process
from core.embedded.home import CHECKOUT, Home

LONGEST_PAUSE = 30.0
# A child that ran this long was well: its next crash starts with a short pause again.
WELL_SECONDS = 60.0
GONE_SECONDS = 5.0
LOG_LIMIT = 10 * 1024 * 1024


@dataclass(slots=True)
class Child:
    """One process with its own log, session and back-off."""

    name: str
    command: Sequence[str]
    home: Home
    env: Mapping[str, str]
    stop_seconds: float
    popen: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = field(default=1.0)
    next_start: float = 0.0

    @property
    def log_path(self) -> Path:
        return self.home.log(self.name)

    def start(self) -> None:
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_LIMIT:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        with self.log_path.open("ab") as log:
            self.popen = process.spawn(self.command, log=log, cwd=CHECKOUT, env=self.env)
        self.started = time.monotonic()

    def alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def look_after(self) -> str:
        """Start again what has ended, after a pause that doubles; a line for the terminal, or none."""
        if self.popen is None or self.alive():
            return ""
        now = time.monotonic()
        if not self.next_start:
            if now - self.started > WELL_SECONDS:
                self.pause = 1.0
            self.next_start = now + self.pause
            ended = f"{self.name} ended with {self.popen.returncode}"
            return f"{ended}; starting it again in {self.pause:.0f} s. Its log: {self.log_path}"
        if now >= self.next_start:
            end_group(self.popen.pid)
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
            self.next_start = 0.0
            self.start()
        return ""

    def ask_to_end(self) -> None:
        """Let it finish what it does; while the site runs, `look_after` brings it back."""
        if self.popen is not None and self.alive():
            self.popen.terminate()

    def stop(self) -> None:
        """Ask politely, then end the whole group, its own children included."""
        if self.popen is None:
            return
        if self.alive():
            self.popen.terminate()
            try:
                self.popen.wait(self.stop_seconds)
            except subprocess.TimeoutExpired:
                end_group(self.popen.pid)
        end_group(self.popen.pid)
        self.popen.wait()


def end_group(leader: int, *, command: str = "") -> bool:
    """Kill what is left of a child's process group and wait until its ports are free.

    The number of a group is not given away while a member lives, but it may be once all are gone:
    a group remembered from an earlier run is therefore recognised by its `command` line.
    Returns whether there was anything to kill.
    """
    killed = set()
    for pid in process.group_members(leader):
        if command and not process.is_ours(pid, marker=command):
            continue
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
    deadline = time.monotonic() + GONE_SECONDS
    while killed & set(process.group_members(leader)) and time.monotonic() < deadline:
        time.sleep(process.POLL_SECONDS)
    return bool(killed)


def remember(home: Home, children: Sequence[Child]) -> None:
    """Note who runs, for a start after everything here was killed."""
    running = {
        str(child.popen.pid): " ".join(child.command)
        for child in children
        if child.popen is not None
    }
    home.write("children.json", dict(running))


def end_leftovers(home: Home) -> int:
    """End the children of a supervisor that was killed; returns how many groups there were."""
    remembered = home.read("children.json").items()
    ended = sum(end_group(int(pid), command=str(command)) for pid, command in remembered)
    (home.root / "children.json").unlink(missing_ok=True)
    return ended
