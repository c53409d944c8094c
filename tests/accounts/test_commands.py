"""Commands of accounts."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

LOGINS = [{"role": "系统管理员", "username": "admin", "password": "k7m-wpq"}]


def test_demo_logins_are_printed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WAILIAN_HOME", str(tmp_path))
    with pytest.raises(CommandError):
        call_command("demo_logins")
    (tmp_path / "demo_logins.json").write_text(json.dumps({"logins": LOGINS}), encoding="utf-8")
    call_command("demo_logins", "--json")
    assert json.loads(capsys.readouterr().out) == LOGINS
    call_command("demo_logins")
    assert "k7m-wpq" in capsys.readouterr().out
