"""Prints the demo log-ins of this installation again (SPEC ACC-6)."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

FILE = "demo_logins.json"


class Command(BaseCommand):
    help = "Prints the demo log-ins of this installation. They work from this machine only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="as JSON, for scripts")

    def handle(self, **options: Any) -> None:
        logins = read()
        if options["json"]:
            self.stdout.write(as_json(logins))
            return
        width = max((len(login.get("username", "")) for login in logins), default=0)
        for login in logins:
            self.stdout.write(
                f"  {login.get('username', ''):<{width}}  {login.get('password', '')}  {login.get('role', '')}"
            )


def read() -> list[dict[str, str]]:
    """The list the demo data left behind: role, username, password."""
    home = Path(os.environ.get("WAILIAN_HOME") or settings.BASE_DIR / "var")
    try:
        content = json.loads((home / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError("There are no demo log-ins here: no demo data was loaded.") from error
    return list(content["logins"] if isinstance(content, dict) else content)


def as_json(logins: list[dict[str, str]]) -> str:
    return json.dumps(logins, ensure_ascii=False, indent=1)
