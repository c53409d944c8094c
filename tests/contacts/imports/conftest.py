"""A dimension with its maintainer, files made of dictionaries, and the directory as one comparable value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from contacts.import_columns import BY_KEY, headings
from contacts.imports import apply, plan
from contacts.imports.plan import Counts, Plan
from contacts.models import Contact, ImportJob, Membership
from core.models import AuditEntry
from core.sheets import write_csv
from orgs.models import Node
from tests.factories.orgs import make_dimension, make_maintainer

Row = Mapping[str, str]


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: Path) -> None:
    """Uploads of one test are not found by another."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def dimension(db: None) -> Node:
    return make_dimension("供应商")


@pytest.fixture
def maintainer(dimension: Node) -> User:
    return make_maintainer(dimension)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Iterable[Row]], Path]:
    """Writes rows by column key into a file of our format."""

    def to_file(rows: Iterable[Row]) -> Path:
        path = tmp_path / "people.csv"
        write_csv(path, headings(), [[row.get(key, "") for key in BY_KEY] for row in rows])
        return path

    return to_file


@pytest.fixture
def planned(
    write: Callable[[Iterable[Row]], Path], dimension: Node, maintainer: User
) -> Callable[..., Plan]:
    """The plan for rows, as the maintainer unless told otherwise."""

    def make(rows: Iterable[Row], **more: Any) -> Plan:
        return plan.make(path=write(rows), **{"dimension": dimension, "by": maintainer, **more})

    return make


@pytest.fixture
def done(planned: Callable[..., Plan], maintainer: User) -> Callable[..., Counts]:
    """Imports rows and says what was done."""

    def run(rows: Iterable[Row], **more: Any) -> Counts:
        return carry_out(planned(rows, **more), more.get("by", maintainer))

    return run


def carry_out(found: Plan, by: User) -> Counts:
    assert not found.problems, found.problems
    return apply.run(plan=found, by=by, report=lambda _delta, _done: None)


def problems(found: Plan) -> list[tuple[int, str, str]]:
    return [(error.row, error.field, error.kind) for error in found.problems]


def counts(**numbers: int) -> dict[str, int]:
    return {**dict.fromkeys(Counts().as_dict(), 0), **numbers}


def told(job: ImportJob) -> list[dict[str, Any]]:
    """The findings of a check."""
    return list(
        job.findings.order_by("row", "id").values("row", "field", "kind", "reason", "contact_ids")
    )


FIELDS = (
    "name", "simplified", "sort_key", "initials", "code", "gender", "mobile", "telephone", "email", "position",
    "office", "remark", "security_level", "version", "live", "source", "created_by_id",
)  # fmt: skip


def directory() -> dict[str, Any]:
    """Everything an import may write, without ids and times."""
    paths = {node.pk: node for node in Node.objects.all()}

    def way(node_id: int | None) -> str:
        node = paths[node_id]
        return f"{way(node.parent_id)}/{node.name}" if node.parent_id else node.name

    return {
        "nodes": sorted(
            (way(n.pk), n.kind, n.code or "", n.source, n.sort_key) for n in paths.values()
        ),
        "contacts": sorted(
            (
                *(getattr(c, name) for name in FIELDS if name != "code"),
                c.code or "",
                sorted(tag.name for tag in c.tags.all()),
                sorted(str(v.user_id) for v in c.visible_staff.all()),
                sorted((way(m.node_id), m.is_main, m.position) for m in c.memberships.all()),
            )
            for c in Contact.objects.prefetch_related("tags", "memberships", "visible_staff")
        ),
        "memberships": Membership.objects.count(),
        "audit": sorted(
            AuditEntry.objects.exclude(action__startswith="import.").values_list(
                "action", "object_label"
            )
        ),
    }
