"""The first visit of a page brings at most 100 KB, compressed as servers send it (issue 3)."""

import gzip
import re
from pathlib import Path

import pytest
from django.db import transaction

from contacts.models import ImportFinding, ImportJob
from core import audit
from core.embedded.home import CHECKOUT
from tests.factories import orgs as org
from tests.factories.contacts import make_many

pytestmark = pytest.mark.django_db
LIMIT = 100 * 1024
LINKED = re.compile(r'(?:href|src)="/static/([^"#?]+)')
IMPORTED = re.compile(r"""(?:from|import) ?['"](\.[^'"]+)['"]""")


def files(html: str) -> set[Path]:
    """Everything a page loads of ours: style sheets, icons, scripts, and what scripts import."""
    waiting = [CHECKOUT / "static" / name for name in LINKED.findall(html)]
    found: set[Path] = set()
    while waiting:
        file = waiting.pop().resolve()
        if file not in found:
            found.add(file)
            if file.suffix == ".js" and "vendor" not in file.parts:
                waiting += [
                    file.parent / name for name in IMPORTED.findall(file.read_text("utf-8"))
                ]
    return found


def compressed(content: bytes) -> int:
    return len(gzip.compress(content, 6))


PAGES = (
    "/contacts/", "/contacts/o/{node}/", "/contacts/?q=hengtuo", "/contacts/?c={contact}", "/contacts/{contact}/edit/",
    "/console/orgs/{node}/", "/console/orgs/{node}/organizations/", "/console/orgs/{node}/departments/",
    "/console/orgs/{node}/ranges/", "/console/orgs/{node}/history/", "/console/orgs/{place}/edit/",
    "/console/orgs/{node}/contacts/", "/console/orgs/{node}/contacts/new/", "/console/contacts/{contact}/",
    "/console/contacts/{contact}/history/", "/console/bin/", "/console/imports/", "/console/imports/new/",
    "/console/imports/{job}/", "/console/exports/", "/console/applications/", "/console/categories/", "/messages/",
)  # fmt: skip


@pytest.fixture
def full(client) -> dict[str, int]:
    """What may stand in an address; lists are as long as a page shows."""
    dimension, holder = org.make_dimension(), org.make_holder()
    places = [org.make_organization(dimension, f"恒拓精密机械有限公司{n}") for n in range(30)]
    people = make_many(places, 60)
    for number in range(60):
        with transaction.atomic():
            audit.record(
                action="node.edit",
                obj=dimension,
                by=holder,
                after={"remark": f"每季度对账{number}"},
            )
    job = ImportJob.objects.create(
        owner=holder, dimension=dimension, file_name="people.xlsx", status="refused", total=60,
        counts={"people": 60, "errors": 60},
    )  # fmt: skip
    ImportFinding.objects.bulk_create(
        ImportFinding(job=job, row=row, field="mobile", value="154abcd", reason="不是电话号码", kind="format")
        for row in range(60)
    )  # fmt: skip
    client.force_login(holder)
    return {"node": dimension.pk, "place": places[0].pk, "contact": people[0], "job": job.pk}


def test_a_first_visit_is_light(client, full: dict[str, int]) -> None:
    for address in PAGES:
        response = client.get(address.format(**full))
        assert response.status_code == 200, address
        html = response.content
        weights = {file.name: compressed(file.read_bytes()) for file in files(html.decode())}
        assert {
            "bootstrap.min.css",
            "htmx.min.js",
            "app.js",
            "tree.js",
            "icons.svg",
        } <= weights.keys()
        total = compressed(html) + sum(weights.values())
        print("W", address, total)
        assert total <= LIMIT, (address, {"page": compressed(html), **weights})


def test_style_sheets_bring_nothing_else() -> None:
    """No font and no picture: what a style sheet names would come on top of what is weighed."""
    for file in (CHECKOUT / "static").rglob("*.css"):
        named = re.findall(r"""url\(['"]?(.{5})""", file.read_text("utf-8"))
        assert set(named) <= {"data:"}, file
