"""Demo data: an invented company, everything marked as an example, log-ins that work from this machine only."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import translation

from accounts.models import User
from contacts.models import Contact
from core import audit
from portal import demo


class Command(BaseCommand):
    help = "Fills an empty installation with invented data and writes the demo log-ins (see demo_logins)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where there are people already"
        )

    def handle(self, *, if_empty: bool, **_: Any) -> None:
        if User.objects.exists() or Contact.objects.exists():
            if if_empty:
                return
            raise CommandError(
                "There are people here already. Demo data belongs into an empty database."
            )
        folder = Path(os.environ.get("WAILIAN_HOME") or settings.BASE_DIR / "var")
        with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
            logins = demo.seed()
            # Last, and inside: without the file nobody could log in, and without the data nobody should.
            demo.keep(logins, folder=folder, text=json.dumps(logins, ensure_ascii=False, indent=1))
        while audit.seal():
            pass
        self.stdout.write(f"Demo data is there: {len(logins)} log-ins.")
