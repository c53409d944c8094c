"""Random worlds and the rule of SPEC VIS-1 once more, written as plainly as possible over Python objects."""

import random
from dataclasses import dataclass, field

from django.contrib.auth.models import Group
from django.db import transaction

from accounts.models import Department, DepartmentMembership, User
from contacts import closure
from contacts.models import Contact, ContactGroupGrant, ContactUserGrant, Membership
from core import guardian
from core.reading import pinyin, simplified
from orgs import tree
from orgs.models import Node, NodeGroupGrant, NodeUserGrant
from tests.factories.orgs import make_department, make_organization

SURNAMES = "王李张刘陈杨单曾欧阳赵黄周吴"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华文建国"
# Some names are written in traditional characters.
TRADITIONAL = str.maketrans("张刘陈杨赵黄吴伟丽军杰涛华国", "張劉陳楊趙黃吳偉麗軍傑濤華國")
CITIES, TRADES = (
    ("苏州", "宁波", "重庆", "厦门", "东莞"),
    ("恒拓精密", "海川电子", "远景包装", "嘉禾物流"),
)
DEPARTMENTS = ("采购部", "质量管理部", "华东销售部", "财务部", "工程二部", "行政部")
HEADS = (130, 135, 139, 151, 158, 177, 188, 199)


@dataclass
class World:
    """Everything the plain rule looks at."""

    rng: random.Random
    nodes: list[Node] = field(default_factory=list)
    departments: list[Department] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    # (user id or None, department id or None, node or contact id)
    maintain: list[tuple[int | None, int | None, int]] = field(default_factory=list)
    ranges: list[tuple[int | None, int | None, int]] = field(default_factory=list)
    shares: list[tuple[int | None, int | None, int]] = field(default_factory=list)
    places: dict[int, list[int]] = field(default_factory=dict)  # contact id -> node ids
    mine: dict[int, set[int]] = field(
        default_factory=dict
    )  # user id -> ids of his departments and all above


def build(seed: int, *, contacts: int = 60, users: int = 14, nodes: int = 24) -> World:
    """A world with nested departments, disabled nodes, double memberships, shares, followers, inactive people."""
    world = World(random.Random(seed))
    with transaction.atomic():
        _tree(world, nodes)
        _departments(world)
        _users(world, users)
        _contacts(world, contacts)
        _rights(world)
    for contact_id, node_id in Membership.objects.values_list("contact_id", "node_id"):
        world.places.setdefault(contact_id, []).append(node_id)
    for user in world.users:
        memberships = user.department_memberships.all()
        world.mine[user.pk] = {above.pk for one in memberships for above in chain(one.department)}
    return world


def _tree(world: World, count: int) -> None:
    rng = world.rng
    for number in range(3):
        world.nodes.append(tree.create_dimension(name=f"维度{number}"))
    for number in range(count):
        parent = rng.choice(world.nodes)
        kind = (
            Node.Kind.DEPARTMENT
            if parent.kind == 2 or (parent.kind == 1 and rng.random() < 0.6)
            else Node.Kind.ORGANIZATION
        )
        make = make_department if kind == Node.Kind.DEPARTMENT else make_organization
        world.nodes.append(make(parent, place_name(kind, number)))
    for node in rng.sample(world.nodes, 4):
        tree.set_enabled(node_id=node.pk, enabled=False)
    if rng.random() < 0.5:
        moved = next(node for node in reversed(world.nodes) if node.kind == 1)
        target = rng.choice(
            [node for node in world.nodes if node.kind == 0 and node.pk != moved.parent_id]
        )
        tree.move(node_id=moved.pk, parent_id=target.pk)
    world.nodes = [tree.reread(node.pk) for node in world.nodes]


def _departments(world: World) -> None:
    for number in range(6):
        parent = world.rng.choice([None, *world.departments])
        group = Group.objects.create(name=f"部门{number}")
        world.departments.append(
            Department.objects.create(name=f"部门{number}", parent=parent, group=group)
        )


def _users(world: World, count: int) -> None:
    rng = world.rng
    for number in range(count):
        kind = User.Kind.EXTERNAL if number == 0 else User.Kind.STAFF
        user = User.objects.create_user(
            f"person{number}", name=f"人{number}", kind=kind, is_active=number != 1,
            is_superuser=number in (2, 3), is_holder=number == 4,
        )  # fmt: skip
        if number == 3:
            User.objects.filter(pk=user.pk).update(is_active=False)
            user.is_active = False
        world.users.append(user)
        if kind == User.Kind.STAFF:
            for place, department in enumerate(rng.sample(world.departments, rng.randint(0, 2))):
                DepartmentMembership.objects.create(
                    department=department, user=user, is_main=place == 0
                )
                for above in chain(department):
                    user.groups.add(above.group)


def chain(department: Department | None) -> list[Department]:
    """The department and all above it."""
    found = []
    while department is not None:
        found.append(department)
        department = department.parent
    return found


def place_name(kind: Node.Kind, number: int) -> str:
    """The name of the n-th node: a company or a department; the number keeps siblings apart."""
    if kind == Node.Kind.DEPARTMENT:
        return f"{DEPARTMENTS[number % len(DEPARTMENTS)]}{number}"
    city, trade = CITIES[number % len(CITIES)], TRADES[number // 2 % len(TRADES)]
    return f"{city}{trade}有限公司{number}"


def _contacts(world: World, count: int) -> None:
    rng = world.rng
    staff = [user for user in world.users if not user.is_external]
    made, places = [], []
    for number in range(count):
        name = rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, rng.randint(1, 2))) + f"{number}"
        name = name.translate(TRADITIONAL) if number % 5 == 0 else name
        reading = pinyin(name)
        places.append(rng.sample(world.nodes, rng.choice((1, 1, 1, 2, 3))))
        made.append(Contact(
            name=name, simplified=simplified(name), sort_key=reading.sort_key, initials=reading.initials,
            mobile=f"+86{HEADS[number % len(HEADS)]}{rng.randint(0, 99_999_999):08d}", enabled=rng.random() > 0.1,
            code=f"GYS{number:05}" if number % 3 == 0 else None,
            email=f"p{number}@wai.example" if number % 4 == 0 else "",
            main_node=places[-1][0], created_by=rng.choice([None, *staff]), follower=rng.choice([None, None, *staff]),
        ))  # fmt: skip
    world.contacts = Contact.objects.bulk_create(made, batch_size=2000)
    Membership.objects.bulk_create(
        [
            Membership(contact=contact, node=place, is_main=place is mine[0])
            for contact, mine in zip(world.contacts, places, strict=True)
            for place in mine
        ],
        batch_size=5000,
    )
    deleted = rng.sample(world.contacts, 3)
    Contact.objects.filter(pk__in=[contact.pk for contact in deleted]).update(
        deleted_at="2026-11-01T00:00:00Z"
    )
    closure.refresh([contact.pk for contact in world.contacts])
    world.contacts = list(
        Contact.objects.filter(pk__in=[contact.pk for contact in world.contacts]).order_by("pk")
    )


def _rights(world: World) -> None:
    rng = world.rng
    staff = [user for user in world.users if not user.is_external]
    dimensions = [node for node in world.nodes if node.kind == 0]
    for _ in range(3):
        _grant(
            world,
            world.maintain,
            (NodeUserGrant, NodeGroupGrant),
            "maintain_node",
            rng.choice(dimensions),
            staff,
        )
    for _ in range(10):
        _grant(
            world,
            world.ranges,
            (NodeUserGrant, NodeGroupGrant),
            "view_node",
            rng.choice(world.nodes),
            staff,
        )
    for _ in range(12):
        codename = rng.choice(("view_contact", "edit_contact"))
        _grant(
            world,
            world.shares,
            (ContactUserGrant, ContactGroupGrant),
            codename,
            rng.choice(world.contacts),
            staff,
        )


def _grant(world, kept, tables, codename, obj, staff) -> None:
    if world.rng.random() < 0.5:
        user = world.rng.choice(staff)
        guardian.grant(table=tables[0], codename=codename, to=user, obj=obj, by_label="test")
        kept.append((user.pk, None, obj.pk))
    else:
        department = world.rng.choice(world.departments)
        guardian.grant(
            table=tables[1], codename=codename, to=department.group, obj=obj, by_label="test"
        )
        kept.append((None, department.pk, obj.pk))


def sees(world: World, user: User, contact: Contact) -> bool:
    """SPEC VIS-1, one sentence after the other, by brute force."""
    if contact.deleted_at or not user.is_active:
        return False
    if user.is_external:
        return contact.user_id == user.pk
    if user.is_superuser or user.is_holder:
        return True
    by_id = {node.pk: node for node in world.nodes}
    above = {node_id: upwards(by_id, node_id) for node_id in world.places[contact.pk]}
    mine = world.mine[user.pk]

    def held(rows, object_ids) -> bool:
        return any(row[2] in object_ids and (row[0] == user.pk or row[1] in mine) for row in rows)

    if held(world.maintain, {nodes[-1].pk for nodes in above.values()}):
        return True
    counting = [
        nodes for nodes in above.values() if contact.enabled and all(node.enabled for node in nodes)
    ]
    if not counting:
        return False
    if user.pk in (contact.created_by_id, contact.follower_id) or held(world.shares, {contact.pk}):
        return True
    return any(held(world.ranges, {node.pk for node in nodes}) for nodes in counting)


def maintains(world: World, user: User, contact: Contact) -> bool:
    """Whether a dimension of the contact is maintained by `user`, or he may do everything."""
    if not user.is_active or user.is_external:
        return False
    if user.is_superuser or user.is_holder:
        return True
    by_id = {node.pk: node for node in world.nodes}
    dimensions = {upwards(by_id, node_id)[-1].pk for node_id in world.places[contact.pk]}
    return any(
        row[2] in dimensions and (row[0] == user.pk or row[1] in world.mine[user.pk])
        for row in world.maintain
    )


def upwards(by_id: dict[int, Node], node_id: int | None) -> list[Node]:
    """The node and all above it, the dimension last."""
    found = []
    while node_id is not None:
        found.append(by_id[node_id])
        node_id = by_id[node_id].parent_id
    return found
