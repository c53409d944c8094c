"""The same file imported by two people at the same moment, on real transactions: everybody once (SECURITY T76, T82)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connection

from accounts.models import User
from contacts import closure
from contacts.import_columns import BY_KEY, headings
from contacts.imports import apply, plan
from contacts.imports.plan import chunks
from contacts.models import Contact
from core.sheets import write_csv
from orgs import tree_check
from orgs.models import Node
from tests.factories.orgs import make_dimension, make_maintainer

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "chunks", lambda rows: chunks(rows, 20))
    dimension = make_dimension("并行")
    people = [make_maintainer(dimension), make_maintainer(dimension)]
    path = tmp_path / "people.csv"
    rows = [
        {
            "organization": f"公司{n % 5}",
            "department": "部",
            "name": f"人{n}",
            "mobile": f"160{n:08d}",
        }
        for n in range(100)
    ]
    write_csv(path, headings(), [[row.get(key, "") for key in BY_KEY] for row in rows])
    plans = [plan.make(path=path, dimension=dimension, by=by) for by in people]
    start, failures = threading.Barrier(2), []

    def run(found: plan.Plan, by: User) -> None:
        try:
            start.wait(10)
            apply.run(plan=found, by=by, report=lambda _delta, _done: None)
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in zip(plans, people, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert Contact.objects.count() == 100
    assert Node.objects.filter(dimension=dimension).count() == 1 + 5 + 5
    assert not closure.problems()
    assert not tree_check.problems()
