"""What a site needs between its servers and its first page, in one process: `make run` calls it."""

from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Migrate; for a demo also fill an empty database and print the logins."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stderr)
        if not settings.DEMO:
            return
        known = get_commands()
        if "seed_demo" in known:
            call_command("seed_demo", "--if-empty", stdout=self.stderr)
        if "seed_wecom_demo" in known:
            call_command("seed_wecom_demo", stdout=self.stderr)
        if "demo_logins" in known:
            try:
                call_command("demo_logins", stdout=self.stdout)
            except CommandError as error:  # a site with people of its own has no demo logins
                self.stdout.write(str(error))
