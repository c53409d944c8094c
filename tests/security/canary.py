"""A unique word in every text field of everything that some role may not see (SECURITY, finding 1 of the fifteen)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models

from accounts.models import Department, User
from approvals.models import Application
from contacts import closure
from contacts.models import BulkJob, Contact, ExportJob, ImportJob
from core.models import AuditEntry
from core.reading import pinyin, simplified
from im.models import Attachment, Conversation, Message
from orgs.models import Category, DimensionDetail, Node, NodeUserGrant, OrganizationDetail, Tag
from portal.models import App, AppOpening, PushedTodo, TodoSystem
from tests.matrix.world import E2, ROLES, SEATS, STAFF, Matrix

ALL = frozenset({"SA", "GM"})
MAINTAIN = ALL | {"DM"}
IN_A = MAINTAIN | {"SV"}
STAFF_ROLES = frozenset(STAFF)
# Columns that hold no text of a person: structure, states, hashes, derived search columns.
STRUCTURE = {
    "path", "source", "kind", "status", "account", "language", "theme", "password", "icon", "key", "url_name",
    "sort_key", "initials", "simplified", "file", "avatar", "gender", "remote_key", "reading", "card_kind", "card_ref",
    "client_id", "number", "cover",
}  # fmt: skip
PRIVATE = ("mobile", "email")
GAPS = re.compile(r"[\s\-·]+")
# What most words look like; in a text, numbers may begin within one another.
SHAPE = re.compile(r"z[a-z]\d{3,}xk|199\d{8}")
IN_TEXT = re.compile(r"(z[a-z]\d{3,}xk)|199(?=(\d{8}))")


@dataclass
class Canaries:
    """Words, who may read each, and where it stands. `names` are the hidden names that searches are tried with."""

    words: dict[str, frozenset[str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    # Number -> who sees its person at all, and who may read the number.
    mobiles: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)
    spare: Iterator[str] = field(default_factory=lambda: iter(NAMES))

    def word(self, where: str, may: frozenset[str], *, prefix: str = "zq") -> str:
        """A new word that only these roles may read."""
        made = f"{prefix}{len(self.words):03d}xk"
        return self.put(made, where, may)

    def put(self, word: str, where: str, may: frozenset[str]) -> str:
        assert not GAPS.search(word)
        self.words[word] = may
        self.places[word] = where
        return word

    def mobile(self, where: str, seen: frozenset[str], may: frozenset[str]) -> str:
        """A new number in E.164; what is looked for is the number without the country."""
        national = f"199{len(self.words) * 7_654_321 % 100_000_000:08d}"
        self.mobiles[national] = (seen, may)
        return "+86" + self.put(national, where, may)

    def held(self, text: str) -> set[str]:
        """The words that stand in `text`, however numbers are spaced."""
        plain = GAPS.sub("", text)
        shaped = {word or f"199{rest}" for word, rest in IN_TEXT.findall(plain)}
        return shaped & self.words.keys() | {word for word in self.odd if word in plain}

    @cached_property
    def odd(self) -> list[str]:
        """The words of no such shape; asked for when all stand."""
        return [word for word in self.words if not SHAPE.fullmatch(word)]

    def leaked(self, role: str, text: str, *, besides: str = "") -> list[str]:
        """Where the words stand that `role` may not read and that `text` holds."""
        return [
            f"{self.places[word]}: {word}"
            for word in sorted(self.held(text))
            if role not in self.words[word] and word not in besides
        ]


def _texts(row: models.Model) -> list[Any]:
    """The columns that hold somebody's words."""
    return [
        column
        for column in row._meta.concrete_fields
        if isinstance(column, models.CharField | models.TextField)
        and not (column.choices or isinstance(column, models.SlugField) or "hash" in column.name)
        and column.name not in STRUCTURE
    ]


def _shaped(column: Any, word: str) -> str:
    if isinstance(column, models.EmailField):
        return f"{word}@example.com"
    return f"https://{word}.example/" if isinstance(column, models.URLField) else word


def mark(
    found: Canaries, row: models.Model, may: frozenset[str], *, private: frozenset[str] | None = None,
    keep: tuple[str, ...] = (), wider: dict[str, frozenset[str]] | None = None,
) -> None:  # fmt: skip
    """A word in every text column of the row; `private` may read mobile and e-mail, `wider` other columns."""
    values: dict[str, Any] = {}
    for column in _texts(row):
        if column.name in keep:
            continue
        where = f"{row._meta.label}#{row.pk}.{column.name}"
        allowed = (wider or {}).get(column.name, may)
        if column.name in PRIVATE and private is not None:
            allowed = private
        if column.name == "mobile":
            values[column.name] = found.mobile(where, may, allowed)
        else:
            values[column.name] = _shaped(column, found.word(where, allowed))
    type(row)._base_manager.filter(pk=row.pk).update(**values)


NAMES = "亓韡骉 禚赟垚 郄翯淼 訾喆焱 逄昶犇 蒯彧猋 缑玥羴 昝煊鱻 麹琤毳 檀翀劦".split()


def name(found: Canaries, row: Any, may: frozenset[str], *, searched: bool = True) -> None:
    """A unique Chinese name, with everything that searching derives from it."""
    given = next(found.spare)
    found.put(given, f"{row._meta.label}#{row.pk}.name", may)
    if searched:
        found.names[given] = may
    reading = pinyin(given)
    values = {"name": given, "sort_key": reading.sort_key, "initials": reading.initials}
    if hasattr(row, "simplified"):
        values["simplified"] = simplified(given)
    type(row)._base_manager.filter(pk=row.pk).update(**values)


def plant(matrix: Matrix) -> Canaries:
    """Writes the words over the world."""
    found = Canaries()
    _nodes(found, matrix)
    _contacts(found, matrix)
    _identities(found, matrix)
    _people(found, matrix)
    _records(found, matrix)
    for trail in AuditEntry.objects.all():
        AuditEntry.objects.filter(pk=trail.pk).update(
            object_label="·", actor_label="·", before={}, after={}
        )
    _history(found, matrix)
    closure.refresh(list(Contact.objects.values_list("pk", flat=True)))
    return found


def _nodes(found: Canaries, matrix: Matrix) -> None:
    for kind in ("dimension", "organization", "department", "empty_department"):
        hidden = Node.objects.get(pk=matrix.outside[kind]["SA"])
        mark(found, hidden, ALL, keep=("name",))
        name(found, hidden, ALL, searched=kind in ("organization", "department"))
        shown = Node.objects.get(pk=matrix.inside[kind]["SA"])
        mark(found, shown, MAINTAIN, keep=("name",))
    empty = Node.objects.get(pk=matrix.inside["empty_department"]["SA"])
    name(found, empty, IN_A)
    for letter, may in (("inside", MAINTAIN), ("outside", ALL)):
        place = getattr(matrix, letter)
        detail = DimensionDetail.objects.update_or_create(node_id=place["dimension"]["SA"])[0]
        mark(found, detail, may)
        organization = OrganizationDetail.objects.update_or_create(
            node_id=place["organization"]["SA"]
        )[0]
        OrganizationDetail.objects.filter(pk=organization.pk).update(
            credit_code=found.word(f"credit code {letter}", may)
        )
        tag = Tag.objects.create(name=found.word(f"tag {letter}", STAFF_ROLES))
        organization.tags.add(tag)
    for grant in NodeUserGrant.objects.all():
        NodeUserGrant.objects.filter(pk=grant.pk).update(
            granted_by_label=found.word("grant label", MAINTAIN)
        )


def _contacts(found: Canaries, matrix: Matrix) -> None:
    """Of A: maintainers everything, the visible range without private numbers; CR his own; of B: nobody else."""
    seen: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
    for kind in ("contact", "applied_contact", "open_contact"):
        seen[matrix.outside[kind]["SA"]] = (ALL, ALL)
        seen[matrix.inside[kind]["SA"]] = (IN_A, MAINTAIN)
    for kind in ("contact", "open_contact", "applied_contact"):
        seen[matrix.inside[kind]["CR"]] = (IN_A | {"CR"}, MAINTAIN | {"CR"})
    seen[matrix.outside["asked_contact"]["SA"]] = (ALL, ALL)
    seen[matrix.inside["asked_contact"]["SA"]] = (IN_A, MAINTAIN)
    for kind in ("disabled_contact", "binned_contact"):
        seen[matrix.outside[kind]["SA"]] = (ALL, ALL)
        for role in ("SA", "CR"):
            seen[matrix.inside[kind][role]] = (MAINTAIN, MAINTAIN)
    for pk, (may, private) in seen.items():
        contact = Contact.objects.get(pk=pk)
        mark(found, contact, may, private=private, keep=("name",), wider={"code": private})
        if may == ALL and pk == matrix.outside["contact"]["SA"]:
            name(found, contact, may)
        else:
            value = found.word(f"contact {pk} name", may, prefix="zn")
            Contact.objects.filter(pk=pk).update(
                name=value, simplified=value, sort_key=value, initials="zn"
            )
        if contact.user_id:
            mark(found, User.objects.get(pk=contact.user_id), private)


def _identities(found: Canaries, matrix: Matrix) -> None:
    """Of the two identities of one login: each reads its own; as the other, only what the switcher shows of it."""
    both = frozenset({"EC", E2})
    app = App.objects.create(key="canary-second", address="https://second.example/", own=True)
    for role, may, private in (("EC", IN_A, MAINTAIN), (E2, ALL, ALL)):
        contact = Contact.objects.get(pk=matrix.identities[role])
        mark(
            found, contact, may | {role}, private=private | {role}, keep=("name",),
            wider={"position": may | both, "code": private},
        )  # fmt: skip
        item = PushedTodo.objects.create(
            system=TodoSystem.objects.get(), external_id=role, contact=contact, title="·"
        )
        mark(found, item, frozenset({role}), keep=("external_id", "link"))
    AppOpening.objects.create(app=app, contact_id=matrix.identities[E2])
    mark(found, app, ALL | {E2}, keep=("address", "category"))


def _people(found: Canaries, matrix: Matrix) -> None:
    """Staff are seen by staff; external people see those who are in their 权限设置. Numbers are for administrators."""
    colleague = User.objects.get(pk=matrix.inside["staff"]["SA"])
    only = frozenset({"SA"})
    mark(
        found,
        colleague,
        only,
        keep=("name",),
        wider={"position": STAFF_ROLES, "username": STAFF_ROLES},
    )
    stranger = User.objects.get(name="陌生人癸")
    mark(
        found,
        stranger,
        only,
        keep=("name",),
        wider={"position": STAFF_ROLES, "username": STAFF_ROLES},
    )
    name(found, stranger, STAFF_ROLES)
    for kind in ("internal_department", "empty_internal_department"):
        row = Department.objects.get(pk=matrix.inside[kind]["SA"])
        # The colleague stands in the first one, and the external person may see him, as either identity.
        may = STAFF_ROLES | ({"EC", E2} if kind == "internal_department" else set())
        Department.objects.filter(pk=row.pk).update(name=found.word(f"internal {row.pk}", may))
    category = Category.objects.get(pk=matrix.inside["category"]["SA"])
    mark(found, category, STAFF_ROLES)
    mark(found, App.objects.get(pk=matrix.inside["app"]["SA"]), ALL)


def _records(found: Canaries, matrix: Matrix) -> None:
    for side, may in (("inside", MAINTAIN | {"CR"}), ("outside", ALL)):
        application = Application.objects.get(pk=getattr(matrix, side)["application"]["CR"])
        mark(found, application, may, keep=("reason",))
    # Of those that were refused the job keeps the names; whoever sees them reads them from the contact.
    kept = {
        "id": matrix.outside["contact"]["SA"],
        "name": found.word("job", frozenset()),
        "reason": "·",
    }
    BulkJob.objects.update(problems=[kept], refused=1)
    for job in (*ImportJob.objects.all(), *ExportJob.objects.all(), *BulkJob.objects.all()):
        owner = {
            role for role in ROLES if (person := matrix.people[role]) and person.pk == job.owner_id
        }
        mark(found, job, frozenset(owner))
        if isinstance(job, ImportJob):
            # A row that looks like somebody elsewhere: whoever does not maintain him reads only what his file says.
            finding = job.findings.create(
                row=2, kind="alike", field="name", contact_ids=[kept["id"]]
            )
            mark(found, finding, frozenset(owner), keep=("kind", "field"))
    threads = {
        pk: role for role, pk in matrix.inside["conversation"].items() if role not in ("DX", "AN")
    }
    strangers = matrix.outside["conversation"]["SA"]
    _groups(found, matrix)
    for message in Message.objects.filter(conversation_id__in=threads, attachment=None):
        own = threads[message.conversation_id] if message.conversation_id != strangers else ""
        body = found.word(f"message of {own or 'strangers'}", frozenset({own}))
        Message.objects.filter(pk=message.pk).update(body=body, words=f"{body} 矩阵")
    for message in Message.objects.exclude(attachment=None):
        own = threads[message.conversation_id] if message.conversation_id != strangers else ""
        may = frozenset({own})
        words = [found.word(f"{what} of {own or 'strangers'}", may) for what in ("name", "file")]
        kept = [
            default_storage.save("messages/canary/f", ContentFile(words[1].encode())) for _ in "fp"
        ]
        Attachment.objects.filter(pk=message.attachment_id).update(
            name=words[0], file=kept[0], preview=kept[1]
        )


def _groups(found: Canaries, matrix: Matrix) -> None:
    """Name and words of the group of each role; those of the external person hold an administrator, too."""
    groups = {matrix.outside["group"]["SA"]: frozenset[str]()}
    for role in SEATS:
        if role not in ("DX", "AN"):
            groups[matrix.inside["group"][role]] = frozenset(
                {role} | ({"SA"} if role in matrix.identities else set())
            )
    for pk, may in groups.items():
        Conversation.objects.filter(pk=pk).update(title=found.word(f"name of group {pk}", may))
        words = found.word(f"message of group {pk}", may)
        Message.objects.filter(conversation_id=pk, seq=2).update(body=words)


def _history(found: Canaries, matrix: Matrix) -> None:
    """Rows of the trail about each side's node, with words in labels and values."""
    for side, may in (("inside", MAINTAIN), ("outside", ALL)):
        for kind in ("dimension", "organization"):
            pk = getattr(matrix, side)[kind]["SA"]
            where = f"history {side} {kind}"
            AuditEntry.objects.create(
                action="node.edit", actor_kind="staff", actor_label=found.word(where, may), object_type="orgs.node",
                object_id=str(pk), object_label=found.word(where, may), before={"remark": found.word(where, may)},
                after={"remark": found.word(where, may)},
            )  # fmt: skip
