"""Proves the invariants of the data (SECURITY part 4). Which module proves what stands in INVARIANT_CHECKS."""

from argparse import ArgumentParser
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Check the invariants of the data; exit code 1 with one sentence per problem."

    def add_arguments(self, parser: ArgumentParser) -> None:
        known = ", ".join(settings.INVARIANT_CHECKS)
        parser.add_argument("--only", default="", help=f"comma separated: {known}")
        parser.add_argument("--repair", action="store_true", help="mend what can be mended first")

    def handle(self, *args: Any, **options: Any) -> None:
        found: list[str] = []
        for name in self.chosen(options["only"]):
            check = import_module(settings.INVARIANT_CHECKS[name])
            if options["repair"] and hasattr(check, "repair"):
                self.stdout.write(f"{name}: {check.repair()} rows mended")
            problems = check.problems()
            self.stdout.write(f"{name}: {'ok' if not problems else f'{len(problems)} problems'}")
            found += problems
        for sentence in found:
            self.stderr.write(sentence)
        if found:
            raise CommandError(f"{len(found)} problems found", returncode=1)

    def chosen(self, only: str) -> Iterable[str]:
        """The names asked for; an unknown one stops with the known ones."""
        names = [name.strip() for name in only.split(",") if name.strip()]
        unknown = [name for name in names if name not in settings.INVARIANT_CHECKS]
        if unknown:
            known = ", ".join(settings.INVARIANT_CHECKS)
            raise CommandError(f"unknown check {unknown[0]!r}; known are {known}", returncode=2)
        return names or list(settings.INVARIANT_CHECKS)
