"""Starts a run of every connection, or of one; the worker does it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from core.actors import Actor
from core.errors import UserError
from wecom_sync.models import Connection
from wecom_sync.services import runs
from wecom_sync.sync.world import ACTOR


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--corp", help="ID of the corp; all that are switched on without it")
        parser.add_argument("--dry", action="store_true", help="writes nothing")
        parser.add_argument("--by", help="login of who starts it and hears of its end")

    def handle(self, **options: Any) -> None:
        rows = Connection.objects.filter(enabled=True)
        if options["corp"]:
            rows = rows.filter(corp_id=options["corp"])
        found, by = list(rows), self._by(options["by"])
        if not found:
            raise CommandError("there is no such connection that is switched on")
        for connection in found:
            try:
                run = runs.start(by=by, connection=connection, dry=options["dry"])
            except UserError as error:
                raise CommandError(f"{connection}: {error}") from error
            self.stdout.write(f"{connection}: run {run.pk}")

    def _by(self, login: str | None) -> Actor:
        if login is None:
            return ACTOR
        found: User | None = User.objects.active().filter(username=login).first()
        if found is None:
            raise CommandError(f"there is no login {login}")
        return found
