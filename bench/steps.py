"""What the benches of files do inside a process with settings; bench.own_site starts each in one of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction

from accounts.models import User
from bench.own_site import LOGIN
from contacts import closure, export_jobs, import_jobs
from contacts.exports.columns import CONTACT_COLUMNS
from contacts.models import Contact, ExportJob, ImportJob
from contacts.selection import Selection
from contacts.services import exports, imports
from orgs import tree
from orgs.models import Node

SPREAD = 1_000


def check(file: str) -> dict[str, Any]:
    """Uploads the file, has it checked, and confirms it."""
    by = User.objects.get(username=LOGIN)
    with Path(file).open("rb") as content:
        sent = File(content, "people.xlsx")
        job = imports.upload(by=by, dimension=Node.objects.get(builtin=True), file=sent)
    import_jobs.check(job_id=job.pk)
    job.refresh_from_db()
    imports.confirm(by=by, job=job)
    return {"status": job.status}


def run() -> dict[str, Any]:
    """Carries the import out to the last row."""
    job = ImportJob.objects.get()
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    return {"status": job.status}


def state() -> dict[str, Any]:
    """What stands in the directory, and what its checks complain about."""
    job = ImportJob.objects.get()
    contacts = Contact.objects.count()
    whole = job.status == "done" and job.counts["done"]["created"] == contacts
    problems = closure.problems() + ([] if whole else [f"{job.status}: {job.counts}"])
    return {"contacts": contacts, "problems": problems}


def fill(people: str) -> dict[str, Any]:
    """So many contacts, by COPY, over a thousand organizations; without search words: an export reads none."""
    dimension = Node.objects.get(builtin=True)
    with transaction.atomic():
        nodes = [
            tree.create(
                kind=1, parent_id=dimension.pk, name=f"恒拓精密机械有限公司{n}", code=f"B{n}"
            ).pk
            for n in range(SPREAD)
        ]
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, {"count": int(people), "nodes": nodes, "spread": SPREAD})
        cursor.execute(
            'INSERT INTO contacts_membership (contact_id, node_id, is_main, position, "order")'
            " SELECT id, main_node_id, true, '', 0 FROM contacts_contact"
        )
        cursor.execute(f"INSERT INTO contacts_contactscope {closure.WANTED.format(only='')}")
        cursor.execute("ANALYZE")
    return {}


PEOPLE = """
INSERT INTO contacts_contact (name, simplified, sort_key, initials, reading, gender, mobile, telephone, email, position,
    office, remark, avatar, source, security_level, version, enabled, live, main_node_id, account, deleted_by_label,
    created_at, updated_at)
SELECT '外联人' || n, '外联人' || n, 'wailianren' || lpad(n::text, 7, '0'), 'wlr', '', 'm',
    '+86154' || lpad(n::text, 8, '0'), '', 'person' || n || '@example.com', '销售经理', '北京 A 座 3 层',
    '第 ' || n || ' 位', '', 'file', 0, 1, true, true, (%(nodes)s::bigint[])[1 + n %% %(spread)s], 'none', '',
    now(), now()
FROM generate_series(1, %(count)s) AS n
"""


def export(format_: str) -> dict[str, Any]:
    """Exports everything there is."""
    by = User.objects.get(username=LOGIN)
    node = Node.objects.get(builtin=True)
    selection = Selection(everything=True, node_id=node.pk)
    keys = [column.key for column in CONTACT_COLUMNS]
    job = exports.create(by=by, node=node, selection=selection, format_=format_, keys=keys)
    export_jobs.run(job_id=job.pk)
    job = ExportJob.objects.get(pk=job.pk)
    size = default_storage.size(job.file.name) if job.file else 0
    return {"status": job.status, "rows": job.done, "megabytes": size // 1_000_000}
