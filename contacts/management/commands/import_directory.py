"""The importer of the web page, from the shell (SPEC CON-6)."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import translation

from accounts.models import User
from contacts.import_columns import label_of
from contacts.import_jobs import record_run
from contacts.imports import apply, plan
from contacts.imports.plan import Counts, Plan
from core import audit
from core.errors import UserError
from orgs.models import Node


class Command(BaseCommand):
    help = (
        "Imports organizations and people from an .xlsx or .csv file into one dimension, as one person. "
        "Prints what was done as JSON; a file with errors is refused row by row and writes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dimension", required=True, help="name or code")
        parser.add_argument("--by", required=True, metavar="LOGIN", help="who imports")
        parser.add_argument(
            "--check", action=argparse.BooleanOptionalAction, default=False, help="write nothing"
        )

    def handle(self, *, file: Path, dimension: str, by: str, check: bool, **_: Any) -> None:
        if not file.is_file():
            raise CommandError(f"There is no file {file}")
        person, node = _person(by), _dimension(dimension)
        with translation.override(person.language):
            try:
                found = plan.make(path=file, dimension=node, by=person)
                self._refuse_problems(found)
                counts = found.counts if check else self._run(found, node, person, file.name)
            except UserError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(counts.as_dict()))

    def _refuse_problems(self, found: Plan) -> None:
        if not found.problems:
            return
        for problem in found.problems:
            label = f"{label_of(problem.field)} ({problem.field})"
            line = (problem.row, label, problem.value, problem.kind, problem.reason)
            self.stdout.write("\t".join(map(str, line)))
        self.stdout.write(json.dumps(found.counts.as_dict()))
        raise CommandError(f"{found.counts.errors} rows cannot be taken; nothing was written")

    def _run(self, found: Plan, node: Node, person: User, name: str) -> Counts:
        if found.empty:
            return found.counts
        total = found.counts.rows
        done = apply.run(
            plan=found,
            by=person,
            report=lambda _delta, number: print(f"{number}/{total}", file=sys.stderr, flush=True),  # noqa: T201 - progress
        )
        with transaction.atomic():
            record_run(by=person, dimension=node, name=name, counts=done.as_dict())
        # Where no worker runs nobody else would lay the chain.
        while audit.seal():
            pass
        return done


def _person(login: str) -> User:
    person: User | None = User.objects.filter(username__iexact=login).first()
    if person is None:
        raise CommandError(f"There is no login {login}")
    return person


def _dimension(name: str) -> Node:
    rows = Node.objects.dimensions()
    node: Node | None = rows.filter(code=name).first()
    if node is not None:
        return node
    named: list[Node] = list(rows.filter(name=name)[:2])
    if len(named) != 1:
        raise CommandError(f"There is no dimension {name}, or several have this name")
    return named[0]
