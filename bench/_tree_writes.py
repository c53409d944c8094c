"""The sections of bench.tree_writes; each runs in a process of its own with an empty database."""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xlsxwriter
from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import User
from bench.names import people as person_names
from contacts import closure
from contacts.models import Contact, Membership
from core.errors import UserError
from core.text import pinyin, simplified
from orgs import tree, tree_bulk
from orgs.models import Node
from orgs.services import nodes, restructuring

WRITERS = 8
# ru_maxrss of a child would begin with that of this process.
CHECK = """
import re, sys, django; django.setup()
from pathlib import Path
from django.core.management import call_command
call_command("check_invariants", only=sys.argv[1], stdout=sys.stderr)
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
WRITER = "import django; django.setup(); from bench import _tree_writes; _tree_writes.write()"


def figure(name: str, **values: Any) -> None:
    load = round(os.getloadavg()[0], 1)
    print(json.dumps({"bench": "tree_writes", "figure": name, **values, "load": load}), flush=True)


@contextmanager
def clock(into: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    into.append(time.perf_counter() - began)


def milliseconds(name: str, taken: list[float], **values: Any) -> None:
    taken.sort()
    median, p95 = statistics.median(taken), taken[int(len(taken) * 0.95)]
    figure(name, median_ms=round(median * 1000, 1), p95_ms=round(p95 * 1000, 1), **values)


# --- data


def administrator() -> User:
    return User.objects.filter(username="bench").first() or User.objects.create_superuser(
        "bench", name="bench"
    )


def builtin() -> Node:
    return Node.objects.get(builtin=True)


def named(name: str) -> dict[str, str]:
    reading = pinyin(name, surname=False)
    return {"name": name, "sort_key": reading.sort_key, "initials": reading.initials}


def fill(dimension: Node, *, organizations: int, departments: int = 0) -> list[int]:
    """Organizations directly below a dimension, each with so many departments; the ids of all."""
    rows = []
    for number in range(organizations):
        rows.append(tree.NewNode(f"o{number}", dimension.pk, 1, named(f"组织{number}")))
        rows += [
            tree.NewNode(f"o{number}d{n}", f"o{number}", 2, named(f"部门{number}-{n}"))
            for n in range(departments)
        ]
    with transaction.atomic():
        made = tree_bulk.insert(dimension_id=dimension.pk, nodes=rows)
    analyze()
    return list(made.values())


def populate(node_ids: list[int], count: int) -> None:
    """`count` contacts, spread over these nodes."""
    rows = person_names(count, random.Random(42))
    for start in range(0, count, 10_000):
        with transaction.atomic():
            made = Contact.objects.bulk_create(
                [
                    Contact(
                        main_node_id=node_ids[number % len(node_ids)], account="none",
                        mobile=f"+86138{number:08d}", simplified=simplified(name), **named(name),
                    )
                    for number, name in enumerate(rows[start : start + 10_000], start)
                ],
                batch_size=2000,
            )  # fmt: skip
            Membership.objects.bulk_create(
                [Membership(contact=c, node_id=c.main_node_id, is_main=True) for c in made],
                batch_size=5000,
            )
            closure.refresh([contact.pk for contact in made])
    closure.settle()
    analyze()


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


# --- sections


def insert(*_: int) -> None:
    """One department, one organization, through the service; a commit each."""
    by = administrator()
    for size in (1000, 10_000):
        dimension = builtin() if size == 10_000 else make_dimension()
        parents = fill(dimension, organizations=size)
        random.Random(1).shuffle(parents)
        chosen = list(Node.objects.filter(pk__in=parents[:100]))
        inserted(by, "insert a department", 2, chosen, size)
        inserted(by, "insert an organization", 1, [dimension] * 40, size)


def inserted(by: User, what: str, kind: int, parents: list[Node], size: int) -> None:
    taken: list[float] = []
    began = time.process_time()
    for number, parent in enumerate(parents):
        with clock(taken):
            nodes.create(by=by, parent=parent, kind=kind, fields={"name": f"新部门{number}"})
    # A busy machine says little about the clock; the server's part is not in it.
    cpu = (time.process_time() - began) / len(parents)
    milliseconds(what, taken, nodes=size, python_cpu_ms=round(cpu * 1000, 1))


@transaction.atomic
def make_dimension() -> Node:
    return tree.create_dimension(**named("供应商"))


def departments(*_: int) -> None:
    """100,000 departments of 2,000 organizations by the importer, from an Excel file."""
    by = administrator()
    User.objects.filter(pk=by.pk).update(language="zh-hans")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "departments.xlsx"
        compose(file, organizations=2000, below=50)
        taken: list[float] = []
        with clock(taken):
            call_command("import_directory", file, dimension="外部联系人", by="bench", verbosity=0)
    made = Node.objects.filter(kind=Node.Kind.DEPARTMENT).count()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figure("import departments", departments=made, seconds=round(taken[0], 1), peak_mb=peak)


def compose(file: Path, *, organizations: int, below: int) -> None:
    with xlsxwriter.Workbook(str(file), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["外部组织", "部门", "姓名"])
        row = 0
        for organization in range(organizations):
            for number in range(below):
                row += 1
                way = f"大区{number // 10}" + (f"/部门{number}" if number % 10 else "")
                sheet.write_row(row, 0, [f"组织{organization}", way])


def move(*_: int) -> None:
    """A department with 10,000 people, in a directory of 30,000; to another organization, off, and on."""
    by, dimension = administrator(), make_dimension()
    made = fill(dimension, organizations=100, departments=20)
    chosen = Node.objects.filter(pk__in=made, kind=2).first()
    populate([chosen.pk], 10_000)
    populate(made, 20_000)
    targets = list(Node.objects.filter(pk__in=made, kind=1).exclude(pk=chosen.parent_id)[:3])
    seconds(
        "move a department", [lambda t=t: nodes.move(by=by, node=chosen, parent=t) for t in targets]
    )
    seconds("disable a department", [lambda: nodes.set_enabled(by=by, node=chosen, enabled=False)])
    seconds("enable a department", [lambda: nodes.set_enabled(by=by, node=chosen, enabled=True)])


def job(_: int, contacts: int) -> None:
    """An organization with half of all people goes to another one, as the worker does it."""
    by, dimension = administrator(), make_dimension()
    made = fill(dimension, organizations=50, departments=20)
    first, second = Node.objects.filter(pk__in=made, kind=1)[:2]
    populate(list(Node.objects.below(first).values_list("pk", flat=True)), contacts // 2)
    populate(made, contacts // 2)
    asked = restructuring.start(by=by, node=first, action="move", parent=second)
    taken: list[float] = []
    with clock(taken):
        restructuring.run(job_id=asked.pk)
    asked.refresh_from_db()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figure(
        "move by the worker", people=asked.done, status=asked.status, seconds=round(taken[0], 1), peak_mb=peak
    )  # fmt: skip


def seconds(what: str, actions: list[Callable[[], object]]) -> None:
    taken: list[float] = []
    for action in actions:
        with clock(taken):
            action()
    figure(
        what,
        people=10_000,
        median_s=round(statistics.median(taken), 2),
        worst_s=round(max(taken), 2),
    )


def writers(duration: int, _: int) -> None:
    """Eight processes on one dimension: half inserts, the rest moves, order, on and off, deletes."""
    administrator()
    dimension = make_dimension()
    fill(dimension, organizations=200, departments=4)
    populate(list(Node.objects.filter(kind=2).values_list("pk", flat=True)), 2000)
    given = [str(dimension.pk), str(duration)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(seed), *given], stdout=subprocess.PIPE, text=True
        )
        for seed in range(WRITERS)
    ]
    answers = [json.loads(process.communicate()[0]) for process in running]
    call_command("check_invariants", only="tree,scope,rights", stdout=sys.stderr)
    total = {key: sum(answer[key] for answer in answers) for key in ("done", "refused", "errors")}
    figure("writers", writers=len(answers), seconds=duration, **total, invariants="clean")


def write() -> None:
    """One of the writers: prints how often it wrote, was refused with a sentence, and failed."""
    seed, dimension_id, duration = (int(given) for given in sys.argv[1:])
    dice, by = random.Random(seed), administrator()
    counts = {"done": 0, "refused": 0, "errors": 0}
    end = time.monotonic() + duration
    while time.monotonic() < end:
        try:
            one_write(dice, by, dimension_id)
            counts["done"] += 1
        except UserError:
            counts["refused"] += 1
        except Exception as error:  # noqa: BLE001 - counting them is what this is for
            counts["errors"] += 1
            print(repr(error), file=sys.stderr)
    print(json.dumps(counts))


def one_write(dice: random.Random, by: User, dimension_id: int) -> None:
    rows = Node.objects.filter(dimension_id=dimension_id).exclude(pk=dimension_id)
    ids = dice.sample(list(rows.order_by("id").values_list("pk", flat=True)), 2)
    found = list(Node.objects.filter(pk__in=ids))
    if len(found) < 2:
        return  # deleted in this moment
    node, other = found
    what = dice.random()
    if what < 0.5:
        nodes.create(by=by, parent=node, kind=2, fields={"name": f"新{dice.random()}"})
    elif what < 0.75:
        nodes.move(by=by, node=node, parent=other)
    elif what < 0.85:
        nodes.set_enabled(by=by, node=node, enabled=not node.enabled)
    elif what < 0.95:
        nodes.shift(by=by, node=node, step=1)
    else:
        nodes.delete(by=by, node=node)


def check(_: int, contacts: int) -> None:
    """check_invariants over a directory of this size: time, and the memory of its process."""
    administrator()
    dimension = make_dimension()
    made = fill(dimension, organizations=2000, departments=10)
    populate(made, contacts)
    for only in ("tree", "scope"):
        taken: list[float] = []
        with clock(taken):
            done = subprocess.run(
                [sys.executable, "-c", CHECK, only], stdout=subprocess.PIPE, text=True, check=True
            )
        peak = int(done.stdout) // 1024
        figure(
            f"check_invariants {only}", contacts=contacts, seconds=round(taken[0], 1), peak_mb=peak
        )


def main() -> None:
    section, *given = sys.argv[1:]
    call_command("migrate", verbosity=0)
    globals()[section](*(int(number) for number in given))
