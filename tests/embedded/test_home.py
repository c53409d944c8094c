"""The home folder: its keys, and who may read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from core.embedded import EmbeddedError, open_home, prepare_environment
from core.embedded.supervise import Address


def test_keys_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    key = open_home(tmp_path / "a").secret("SECRETS_KEY")
    Fernet(key.encode())
    again = open_home(tmp_path / "a")
    assert again.secret("SECRETS_KEY") == key
    assert again.secret("SECRET_KEY") != key
    assert stat.S_IMODE((again.root / "secrets.json").stat().st_mode) == 0o600
    assert open_home(tmp_path / "b").secret("SECRETS_KEY") != key


def test_keys_of_the_environment_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = open_home(tmp_path)
    home.secret("SECRETS_KEY")
    monkeypatch.setenv("SECRETS_KEY", "from outside")
    prepare_environment("test", home=tmp_path)
    assert os.environ["SECRETS_KEY"] == "from outside"


def test_production_gets_no_made_up_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY")
    prepare_environment("run", home=tmp_path)
    assert "SECRET_KEY" not in os.environ


def test_a_broken_state_file_is_read_as_empty(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    (tmp_path / "place.json").write_text("{half")
    assert home.read("place.json") == {}


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_bad_port_is_named(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(EmbeddedError, match="PORT must be a number"):
        Address.from_environment()


def test_a_taken_port_is_named_with_the_way_out(live_socket: int) -> None:
    with pytest.raises(EmbeddedError, match=f"PORT={live_socket + 1}"):
        Address("127.0.0.1", live_socket).require_free()


@pytest.fixture
def live_socket() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_addresses() -> None:
    assert Address("0.0.0.0", 80).url == "http://127.0.0.1:80"
    assert Address("::1", 80).url == "http://[::1]:80"
    assert Address("wailian.test", 80).url == "http://wailian.test:80"


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    open_home(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
