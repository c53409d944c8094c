"""The way back in for an administrator who has lost the second factor (SPEC ACC-5)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.services import second_factor
from core.actors import SystemActor
from core.errors import UserError


class Command(BaseCommand):
    help = "Takes the second factors of a login away and ends its sessions; the password stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="login name")

    def handle(self, *, username: str, **_options: Any) -> None:
        user = User.objects.filter(username__iexact=username).first()
        if user is None:
            raise CommandError("There is no such login.")
        try:
            second_factor.reset(user=user, by=SystemActor("reset_second_factor"))
        except UserError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The second factor of {user.username} is gone.")
