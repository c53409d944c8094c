"""One world for the permission matrix: a person for each role, and for each kind of object one inside and one outside.

"Inside" means: the role's own scope as SECURITY part 3 defines it. Contacts of dimension B are outside for everybody
but administrators and holders.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Department, Session, User
from contacts import closure
from contacts.models import Contact, ContactVisibleStaff, Membership
from core import guardian
from core.actors import SystemActor
from core.reading import pinyin, simplified
from im.models import Attachment, Conversation, Message, Participant
from orgs import tree
from orgs.models import Category, Node, NodeUserGrant, Tag
from tests.factories.accounts import (
    AdminFactory,
    DepartmentFactory,
    ExternalUserFactory,
    HolderFactory,
    StaffFactory,
)
from tests.matrix import objects

BY = SystemActor("tests")
ROLES = ("SA", "GM", "DM", "CR", "SV", "SP", "EC", "DX", "AN")
STAFF = ("SA", "GM", "DM", "CR", "SV", "SP")
# The login of EC once more, acting as another identity: what he may do is the same, what he sees is not.
E2 = "E2"
SEATS = (*ROLES, E2)


@dataclass
class Matrix:
    """People by role, objects by kind: `inside[kind][role]` and `outside[kind][role]` are primary keys or strings."""

    people: dict[str, User | None] = field(default_factory=dict)
    inside: dict[str, dict[str, Any]] = field(default_factory=dict)
    outside: dict[str, dict[str, Any]] = field(default_factory=dict)
    identities: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def put(self, kind: str, *, inside: Any, outside: Any = None, **by_role: Any) -> None:
        """Sets the objects of a kind: one value for all roles, with exceptions by role name."""
        self.inside[kind] = {role: by_role.get(role, inside) for role in SEATS}
        self.outside[kind] = dict.fromkeys(SEATS, outside)

    def person(self, role: str) -> User | None:
        """Who logs in as a role."""
        return self.people["EC" if role == E2 else role]

    def log_in(self) -> None:
        """Everybody's session; whatever a request does to it is undone like the rest."""
        for role, _person in _seats(self):
            key = str(login(Client(), self.person(role)).session.session_key)
            self.keys[role] = key
            Session.objects.filter(pk=key).update(identity_id=self.identities.get(role))

    def session(self, role: str, client: Client) -> Client:
        """With the session of a role; a disabled person's was ended when he was disabled."""
        if role in self.keys:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.keys[role]
        return client


def login(client: Client, person: User | None) -> Client:
    """A session of that person, if he may have one."""
    if person is not None and person.is_active:
        client.force_login(person, backend="accounts.backends.LoginBackend")
    return client


@transaction.atomic
def build() -> Matrix:
    """People and the directory; further kinds of objects are added by tests/matrix/objects.py."""
    matrix = Matrix()
    people: dict[str, User | None] = {
        "SA": AdminFactory(name="管理员甲"),
        "GM": HolderFactory(name="互联维护乙"),
        "DM": StaffFactory(name="维度维护丙"),
        "CR": StaffFactory(name="创建人丁"),
        "SV": StaffFactory(name="可见范围戊"),
        "SP": StaffFactory(name="无范围己"),
        "EC": ExternalUserFactory(name="外部庚"),
        "DX": ExternalUserFactory(name="外部停用辛", is_active=False),
        "AN": None,
    }
    matrix.people = people
    nodes = _nodes(people)
    contacts = _contacts(people, nodes)
    matrix.identities = {"EC": contacts["EC"].pk, E2: contacts[E2].pk}
    matrix.put("identity", inside=contacts[E2].pk, outside=contacts["B"].pk, E2=contacts["EC"].pk)
    matrix.put("dimension", inside=nodes["A"].pk, outside=nodes["B"].pk)
    matrix.put("organization", inside=nodes["orgA"].pk, outside=nodes["orgB"].pk)
    matrix.put("department", inside=nodes["depA"].pk, outside=nodes["depB"].pk)
    matrix.put("node", inside=nodes["orgA"].pk, outside=nodes["orgB"].pk)
    matrix.put("contact", inside=contacts["A"].pk, outside=contacts["B"].pk, CR=contacts["own"].pk)
    numbers = {role: str(pk) for role, pk in matrix.inside["contact"].items()}
    matrix.put("contact_number", inside="", outside=str(contacts["B"].pk), **numbers)
    matrix.put("external_user", inside=people["EC"].pk, outside=contacts["B"].user_id)  # type: ignore[union-attr]
    colleague = StaffFactory(name="同事壬", department=_department())
    matrix.put("staff", inside=colleague.pk, outside=999_999)
    matrix.put("staff_choice", inside=f"p{colleague.pk}", outside="p999999")
    matrix.put("internal_department", inside=Department.objects.get().pk, outside=999_999)
    matrix.put("category", inside=Category.objects.create(name="矩阵分类").pk, outside=999_999)
    matrix.put("tag", inside=Tag.objects.create(name="矩阵标签").pk, outside=999_999)
    matrix.put("missing", inside=999_999, outside=999_999)
    _conversations(matrix, contacts, colleague)
    _groups(matrix, contacts, colleague, nodes)
    objects.add(matrix.put, people, nodes)
    matrix.log_in()
    return matrix


def _department() -> Department:
    department: Department = DepartmentFactory(name="矩阵部")
    return department


def _seats(matrix: Matrix) -> Iterator[tuple[str, User]]:
    """Everybody who can talk, and as whom."""
    for role in SEATS:
        person = matrix.person(role)
        if person is not None and person.is_active:
            yield role, person


def _conversations(matrix: Matrix, contacts: dict[str, Contact], colleague: User) -> None:
    """A thread of each person with somebody he may write to, one message of his own in it; and one of strangers."""
    for role in matrix.identities:
        ContactVisibleStaff.objects.create(contact=contacts[role], user=colleague)
    threads = {}
    for role, person in _seats(matrix):
        identity = matrix.identities.get(role)
        thread = Conversation.objects.create(kind="direct", key=f"matrix:{role}", last_seq=3)
        Participant.objects.create(conversation=thread, user=person, identity_id=identity)
        Participant.objects.create(conversation=thread, user=colleague)
        Message.objects.create(
            conversation=thread,
            seq=1,
            sender=person,
            client_id=f"m-{role}",
            body="矩阵",
            words="矩阵",
        )
        add_files(thread, person, role)
        threads[role] = thread.pk
    strangers = Conversation.objects.create(kind="direct", key="matrix:strangers", last_seq=3)
    for person in (colleague, StaffFactory()):
        Participant.objects.create(conversation=strangers, user=person)
    Message.objects.create(
        conversation=strangers,
        seq=1,
        sender=colleague,
        client_id="m-strangers",
        body="别人的",
        words="别人的 矩阵",
    )
    add_files(strangers, colleague, "strangers")
    # However slow the machine: the two minutes for recalling are not over.
    Message.objects.update(created_at=timezone.now() + datetime.timedelta(hours=1))
    matrix.put("conversation", inside=strangers.pk, outside=strangers.pk, **threads)
    matrix.put("reachable", inside=str(colleague.pk), outside=str(colleague.pk))


def add_files(thread: Conversation, sender: User, word: str) -> None:
    """A file (message 2) and a picture (message 3) whose names and contents hold `word`."""
    for seq, kind in ((2, "file"), (3, "picture")):
        attachment = Attachment.objects.create(
            owner=sender, kind=kind, name=f"{word}.{kind}", content_type="image/webp" if kind == "picture" else "",
            size=6, width=400, height=300, file=default_storage.save("messages/matrix/f", ContentFile(word.encode())),
            preview=default_storage.save("messages/matrix/p", ContentFile(word.encode())),
        )  # fmt: skip
        Message.objects.create(
            conversation=thread, seq=seq, sender=sender, client_id=f"m-{word}-{seq}"[:40], attachment=attachment,
            words=f"矩阵 {word}",
        )  # fmt: skip


def _groups(
    matrix: Matrix, contacts: dict[str, Contact], colleague: User, nodes: dict[str, Node]
) -> None:
    """A group of each person, which staff own, with a message of his own; those of the external person also hold an
    administrator, who sees him. And one of strangers.
    """
    groups = {}
    for role, person in _seats(matrix):
        identity, place = matrix.identities.get(role), nodes["orgA" if role == "EC" else "orgC"]
        outside = identity is not None
        group = Conversation.objects.create(
            kind="group", key=f"group:matrix:{role}", title="矩阵群", last_seq=2,
            organization_id=place.pk if outside else None,
        )  # fmt: skip
        Participant.objects.create(
            conversation=group, user=person, identity_id=identity, is_owner=not outside, read_seq=2
        )
        Participant.objects.create(conversation=group, user=colleague, is_owner=outside)
        if outside:
            Participant.objects.create(conversation=group, user=matrix.people["SA"])
        _said(group, person, role)
        groups[role] = group.pk
    strangers = Conversation.objects.create(
        kind="group", key="group:matrix:strangers", title="别人的群", last_seq=2
    )
    for number, person in enumerate((colleague, StaffFactory())):
        Participant.objects.create(conversation=strangers, user=person, is_owner=not number)
    _said(strangers, colleague, "strangers")
    matrix.put("group", inside=strangers.pk, outside=strangers.pk, **groups)
    matrix.put("member", inside=colleague.pk, outside=colleague.pk)
    newcomer = str(StaffFactory(name="同事子").pk)
    matrix.put("newcomer", inside=newcomer, outside=newcomer)


def _said(group: Conversation, person: User, role: str) -> None:
    for seq, values in ((1, {"event": "created"}), (2, {"body": "矩阵"})):
        Message.objects.create(
            conversation=group, seq=seq, sender=person, client_id=f"g-{role}-{seq}", **values
        )


def _nodes(people: dict[str, Any]) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for letter in "AB":
        nodes[letter] = tree.create_dimension(name=f"维度{letter}")
        nodes[f"org{letter}"] = tree.create(
            kind=1, parent_id=nodes[letter].pk, name=f"组织{letter}"
        )
        nodes[f"dep{letter}"] = tree.create(
            kind=2, parent_id=nodes[f"org{letter}"].pk, name=f"部门{letter}"
        )
    # Of dimension B; the second identity of the external person belongs to it.
    nodes["orgC"] = tree.create(kind=1, parent_id=nodes["B"].pk, name="组织C")
    for role, codename, node in (("DM", "maintain_node", "A"), ("SV", "view_node", "orgA")):
        guardian.grant(
            table=NodeUserGrant,
            codename=codename,
            to=people[role],
            obj=nodes[node],
            by_label="test",
        )
    return nodes


def _contacts(people: dict[str, Any], nodes: dict[str, Node]) -> dict[str, Contact]:
    made = {
        "A": make_contact("矩阵甲", nodes["depA"]),
        "own": make_contact("矩阵自建", nodes["depA"], created_by=people["CR"]),
        "B": make_contact("矩阵乙", nodes["depB"], user=ExternalUserFactory(), account="active"),
        "EC": make_contact("外部庚", nodes["orgA"], user=people["EC"], account="active"),
        E2: make_contact("外部庚二", nodes["orgC"], user=people["EC"], account="active"),
        "DX": make_contact(
            "外部停用辛", nodes["orgA"], user=people["DX"], account="active", enabled=False
        ),
    }
    closure.refresh([contact.pk for contact in made.values()])
    return made


def make_contact(name: str, node: Node, **values: Any) -> Contact:
    """A contact at one node, with its derived columns; the caller refreshes the closure."""
    reading = pinyin(name)
    contact = Contact.objects.create(
        name=name, simplified=simplified(name), sort_key=reading.sort_key, initials=reading.initials,
        main_node=node, **values,
    )  # fmt: skip
    Membership.objects.create(contact=contact, node=node, is_main=True)
    return contact
