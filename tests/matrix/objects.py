"""What the world holds beside people and the directory: empty places, applications, imports, first credentials."""

import datetime
import json
from collections.abc import Callable
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.imports.table import template as staff_template
from accounts.models import Department, InitialSecret, PrivacyNotice, StaffImport, User
from approvals.models import Application
from contacts.import_columns import template
from contacts.models import (
    BulkJob,
    Contact,
    ExpiryNotice,
    ExportJob,
    IdentityOffer,
    ImportJob,
)
from core import audit, secrets
from orgs import tree
from orgs.models import Node, Restructuring, RestructuringBatch
from portal.models import App, AppOpening, PushedTodo, TodoSystem
from tests.factories.accounts import DepartmentFactory, ExternalUserFactory, StaffFactory
from tests.factories.approvals import make_application
from tests.factories.contacts import make_contact
from tests.factories.orgs import make_administrator
from trail.models import AuditCheck
from wecom_sync.models import Chain, Connection, OwnPerson, PlanItem, RemotePerson, Run

Put = Callable[..., None]
ROLES_THAT_IMPORT = ("SA", "GM", "DM")
ISSUE, OTHER_ISSUE = "direct:1:1", "direct:2:2"
PASSWORD = "never shown again 4711"


def add(put: Put, people: dict[str, User | None], nodes: dict[str, Node]) -> None:
    """Puts all further kinds."""
    stranger: User = StaffFactory(name="陌生人癸")
    _empty_places(put, nodes)
    _contacts(put, nodes, people, stranger)
    _applications(put, people, nodes, stranger)
    _imports(put, people, nodes, stranger)
    _credentials(put, people, nodes, stranger)
    notice = PrivacyNotice.objects.order_by("-version").first()
    put("notice", inside=str(notice.version if notice else 0))
    closed = App.objects.create(
        key="matrix-closed", name="矩阵应用", address="https://closed.example/", own=True
    )
    opening = AppOpening.objects.create(app=closed, node=nodes["depA"], exclude=True)
    put("opening", inside=opening.pk, outside=999_999)
    system = TodoSystem.objects.create(name="矩阵系统", token_hash="no hash", hosts=["oa.example"])
    PushedTodo.objects.create(
        system=system,
        external_id="matrix-1",
        contact=Contact.objects.get(name="外部庚"),
        title="矩阵待办",
    )
    put("todo_system", inside=system.pk, outside=999_999)
    put("app", inside=closed.pk, outside=999_999)
    entries = {
        letter: audit.record(
            action="node.edit", obj=nodes[f"org{letter}"], by=stranger,
            dimension_id=nodes[f"org{letter}"].dimension_id, after={"name": "审计"},
        )
        for letter in "AB"
    }  # fmt: skip
    put("audit_entry", inside=entries["A"].pk, outside=entries["B"].pk)
    check = AuditCheck.objects.create(asked_by="", finished_at=timezone.now())
    put("audit_check", inside=check.pk, outside=999_999)
    _wecom(put, nodes)
    put("app_key", inside=closed.key, outside="no-such-app")


def _wecom(put: Put, nodes: dict[str, Node]) -> None:
    """A connection with a plan that waits, and one with nothing. Their secrets cannot be read: nothing is asked."""
    values = {"agent_id": 1, "secret_cipher": b"unreadable"}
    connection = Connection.objects.create(name="矩阵企业", corp_id="wwMatrix", **values)
    empty = Connection.objects.create(name="矩阵空企业", corp_id="wwEmpty", **values)
    chain = Chain.objects.create(
        connection=connection, chain_id="1", name="矩阵链", target=nodes["A"]
    )
    now = timezone.now()
    run = Run.objects.create(
        connection=connection, trigger="manual", status="ready", dry=True, planned_at=now
    )
    hint = PlanItem.objects.create(
        run=run,
        stage=0,
        chain=chain,
        key="c:wp1",
        node_id=nodes["orgA"].pk,
        name="矩阵",
        message="same_name",
    )
    for stage in (
        PlanItem.Stage.PLACE_ADD,
        PlanItem.Stage.PLACE_LEAVE,
    ):  # a plan that can be parted
        PlanItem.objects.create(run=run, stage=stage, chain=chain, key=f"c:{stage}", name="矩阵")
    put("wecom_connection", inside=connection.pk, outside=999_999)
    put("wecom_empty", inside=empty.pk, outside=999_999)
    put("wecom_chain", inside=chain.pk, outside=999_999)
    put("wecom_run", inside=run.pk, outside=999_999)
    put("wecom_hint", inside=hint.pk, outside=999_999)
    OwnPerson.objects.create(
        connection=connection, member_id="ren", user=User.objects.get(name="同事壬")
    )
    for at, one in enumerate(Contact.objects.filter(account="active").exclude(user=None)):
        RemotePerson.objects.create(
            connection=connection, corp_id="wpMatrix", user_id=f"wo{at}", contact=one,
            unlinked_at=None if one.enabled else now,
        )  # fmt: skip


def _empty_places(put: Put, nodes: dict[str, Node]) -> None:
    empty = {
        letter: tree.create(kind=2, parent_id=nodes[f"org{letter}"].pk, name=f"空部门{letter}")
        for letter in "AB"
    }
    put("empty_department", inside=empty["A"].pk, outside=empty["B"].pk)
    jobs = {
        letter: Restructuring.objects.create(
            action="disable", node=empty[letter], owner=make_administrator()
        )
        for letter in "AB"
    }
    put("restructuring", inside=jobs["A"].pk, outside=jobs["B"].pk)
    batches = {
        letter: RestructuringBatch.objects.create(
            dimension_id=job.node.dimension_id, owner=job.owner
        )
        for letter, job in jobs.items()
    }
    for letter, batch in batches.items():
        place = tree.create(kind=2, parent_id=empty[letter].parent_id, name=f"多个{letter}")
        Restructuring.objects.create(action="enable", node=place, owner=batch.owner, batch=batch)
    put("restructuring_batch", inside=batches["A"].pk, outside=batches["B"].pk)
    dimension = tree.create_dimension(name="空维度")
    put("empty_dimension", inside=dimension.pk, outside=999_999)
    internal: Department = DepartmentFactory(name="空的内部部门")
    put("empty_internal_department", inside=internal.pk, outside=999_999)


def _contacts(put: Put, nodes: dict[str, Node], people: dict[str, Any], stranger: User) -> None:
    """Contacts in the states that the actions on them ask for; those of B are outside."""
    own = {"created_by": people["CR"]}
    for kind, values in (
        ("open_contact", {"account": "active"}),
        ("disabled_contact", {"enabled": False, "account": "active"}),
        ("binned_contact", {"deleted_at": timezone.now()}),
    ):
        inside, mine, outside = (
            make_contact(node, **values, **extra, **_login(values))
            for node, extra in (
                (nodes["depA"], {"created_by": stranger}), (nodes["depA"], own),
                (nodes["depB"], {"created_by": stranger}),
            )
        )  # fmt: skip
        put(kind, inside=inside.pk, outside=outside.pk, CR=mine.pk)
        if kind == "disabled_contact":
            put("unlinked_contact", inside=inside.pk, outside=outside.pk, CR=mine.pk)
        if kind == "open_contact":
            names = [contact.user.username for contact in (inside, outside, mine)]
            put("open_login", inside=names[0], outside=names[1], CR=names[2])
            put("expiry", inside=_expiry(inside), outside=_expiry(outside), CR=_expiry(mine))
    doubled = [
        make_contact(nodes[f"org{letter}"], places=[nodes[f"dep{letter}"]], created_by=stranger)
        for letter in "AB"
    ]
    put("double_contact", inside=doubled[0].pk, outside=doubled[1].pk)
    _questions(put, nodes, people, stranger)
    put("builtin", inside=Node.objects.get(builtin=True).pk)
    Contact.objects.update(avatar=default_storage.save("avatars/matrix.webp", ContentFile(b"webp")))


def _questions(put: Put, nodes: dict[str, Node], people: dict[str, Any], stranger: User) -> None:
    """Contacts about whom somebody with an account is asked; the external person, and a stranger."""
    asked, offers = {}, {}
    for letter, name in (("A", "外部庚"), ("B", "矩阵乙")):
        asked[letter] = make_contact(nodes[f"dep{letter}"], "矩阵同人", created_by=stranger)
        same = Contact.objects.get(name=name)
        offers[letter] = IdentityOffer.objects.create(
            contact=asked[letter], user_id=same.user_id, through=same, offered_by=people["SA"],
            expires_at=timezone.now() + IdentityOffer.LIFETIME,
        )  # fmt: skip
    put("asked_contact", inside=asked["A"].pk, outside=asked["B"].pk)
    put("identity_offer", inside=offers["A"].pk, outside=offers["B"].pk)


def _expiry(contact: Contact) -> int:
    contact.expires_at = timezone.now() + datetime.timedelta(days=5)
    contact.save(update_fields=["expires_at"])
    notice = ExpiryNotice.objects.create(contact=contact, expires_at=contact.expires_at, step=7)
    return int(notice.pk)


def _login(values: dict[str, Any]) -> dict[str, Any]:
    return {"user": ExternalUserFactory()} if values.get("account") == "active" else {}


def _applications(put: Put, people: dict[str, Any], nodes: dict[str, Node], stranger: User) -> None:
    """Pending ones: of the creator in dimension A, and of a stranger in dimension B."""
    applied = make_contact(nodes["depA"], "矩阵申请", created_by=people["CR"])
    elsewhere = make_contact(nodes["depB"], "矩阵别处申请", created_by=stranger)
    inside = make_application(applied, people["CR"])
    outside = make_application(elsewhere, stranger)
    put("application", inside=inside.pk, outside=outside.pk)
    put("application_line", inside=_line(inside, applied), outside=_line(outside, elsewhere))
    put("applied_contact", inside=applied.pk, outside=elsewhere.pk)
    put("version", inside=applied.version, outside=elsewhere.version)


def _line(application: Application, contact: Contact) -> str:
    return f"{application.pk}:{contact.version}"


def _imports(put: Put, people: dict[str, Any], nodes: dict[str, Node], stranger: User) -> None:
    """One checked import and one export of each who may have them; outside are somebody else's."""
    own = {role: _import(people[role], nodes["A"]).pk for role in ROLES_THAT_IMPORT}
    others = _import(stranger, nodes["B"]).pk
    put("import", inside=others, outside=others, **own)
    put("upload", inside=upload, outside=upload)
    staff = [
        StaffImport.objects.create(owner=owner, file_name="员工.xlsx", status="checked", total=1)
        for owner in (stranger, people["SA"])
    ]
    put("staff_import", inside=staff[0].pk, outside=staff[0].pk, SA=staff[1].pk)
    put("staff_upload", inside=staff_upload, outside=staff_upload)
    put("document", inside=document, outside=document)
    own = {role: _export(people[role], nodes["A"]).pk for role in ROLES_THAT_IMPORT}
    others = _export(stranger, nodes["B"]).pk
    put("export", inside=others, outside=others, **own)
    own = {role: _bulk(people[role], nodes["A"]).pk for role in ROLES_THAT_IMPORT}
    others = _bulk(stranger, nodes["B"]).pk
    put("bulk_job", inside=others, outside=others, **own)


def _bulk(owner: User, dimension: Node) -> BulkJob:
    return BulkJob.objects.create(owner=owner, node=dimension, action="disable", total=400)


def _import(owner: User, dimension: Node) -> ImportJob:
    return ImportJob.objects.create(
        owner=owner, dimension=dimension, file_name=f"{owner.name}.xlsx", status="checked", total=1,
        counts={"created": 1},
    )  # fmt: skip


def _export(owner: User, dimension: Node) -> ExportJob:
    return ExportJob.objects.create(
        owner=owner, dimension=dimension, node=dimension, what="contacts", columns=["name"], file_name="联系人.csv",
        status="done", total=1, done=1, expires_at=timezone.now() + datetime.timedelta(days=7),
        file=default_storage.save("exports/matrix.export", ContentFile(b"name")),
    )  # fmt: skip


def upload() -> SimpleUploadedFile:
    """A file that an import takes."""
    return SimpleUploadedFile("people.xlsx", template())


def staff_upload() -> SimpleUploadedFile:
    """A file that an import of staff takes."""
    return SimpleUploadedFile("staff.xlsx", staff_template())


def document() -> SimpleUploadedFile:
    """A file that a message takes."""
    return SimpleUploadedFile("矩阵.pdf", b"%PDF-1.7 matrix")


def _credentials(put: Put, people: dict[str, Any], nodes: dict[str, Node], stranger: User) -> None:
    """An envelope that its decider (DM) and the applicant (CR) may open; and one of strangers."""
    for key, readers in ((ISSUE, [people["DM"], people["CR"]]), (OTHER_ISSUE, [stranger])):
        user: User = ExternalUserFactory()
        creator = people["CR"] if key == ISSUE else stranger
        place = nodes["depA"] if key == ISSUE else nodes["depB"]
        make_contact(place, "矩阵凭据", created_by=creator, user=user, account="active")
        now = timezone.now()
        secret = InitialSecret.objects.create(
            user=user, issue_key=key, channel="panel", issued_at=now,
            expires_at=now + datetime.timedelta(hours=72),
            ciphertext=secrets.encrypt(json.dumps({"username": user.username, "password": PASSWORD})),
        )  # fmt: skip
        secret.readers.set(readers)
    put("issue", inside=ISSUE, outside=OTHER_ISSUE)
