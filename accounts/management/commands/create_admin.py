"""The first system administrator of an installation (SPEC ACC-6)."""

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import passwords
from accounts.services import people
from core.actors import SystemActor
from core.errors import UserError


class Command(BaseCommand):
    help = (
        "Creates the first system administrator. Works while none has ever existed, then never again.\n"
        "Asks for a password on a terminal; otherwise, or with an empty answer, makes one and prints it once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True, help="login name")
        parser.add_argument("--name", required=True, help="name that others see")

    def handle(self, *, username: str, name: str, **_options: Any) -> None:
        typed = getpass.getpass("Password (empty: make one): ") if sys.stdin.isatty() else ""
        password = typed or passwords.generate()
        try:
            user = people.create_first_admin(
                username=username, name=name, password=password, by=SystemActor("create_admin")
            )
        except UserError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Administrator {user.username} exists.")
        if not typed:
            self.stdout.write(f"Password, shown this once: {password}")
