"""The provider of tests/oidc/provider.py as a process, and a browser without a face for it."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.oidc import CLIENT, SECRET

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Running:
    """A provider that answers; `sees` says who sits before it."""

    url: str
    folder: Path

    def sees(self, name: str) -> None:
        (self.folder / "who").write_text(name)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """settings.OIDC for it."""
        given = {"issuer": self.url, "client_id": CLIENT, "client_secret": SECRET}
        return given | {"label": "企业账号", "loopback": True} | changes

    def answer(self, address: str) -> str:
        """Where the provider sends a browser that came to `address`, with path and query."""
        with requests.Session() as browser:
            for _step in range(5):
                address = browser.get(address, allow_redirects=False, timeout=10).headers[
                    "Location"
                ]
                if "/login/sso/back/" in address:
                    return "/login/sso/back/" + address.split("/login/sso/back/", 1)[1]
                address = address if address.startswith("http") else self.url + address
        raise AssertionError(f"the provider led to {address}")


@contextmanager
def running(callback: str) -> Iterator[Running]:
    """The provider, ended at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="wailian-oidc-") as place, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.oidc.provider", place, str(port), callback],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "ready"
            yield Running(f"http://127.0.0.1:{port}", Path(place))
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()
