"""Filling an empty installation with the invented company of portal/demo_data.py, through the services of the product.

Log-ins have random passwords of this installation and work from this machine only (SPEC ACC-6).
"""

import datetime
import os
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils import timezone

from accounts import passwords
from accounts.models import Department, PrivacyNotice, User
from accounts.services import departments, own, people
from approvals import services as approvals
from contacts.import_columns import BY_KEY, headings
from contacts.imports import apply, plan
from contacts.models import Contact
from contacts.services import accounts as contact_accounts
from contacts.services import identities, sharing
from contacts.services import people as contact_people
from core.actors import SystemActor
from core.sheets import write_csv
from im import services as im
from im.reach import Party
from im.services import groups
from orgs.models import Category, Node
from orgs.services import dimensions, grants, lists, nodes
from portal import demo_data as data

SYSTEM = SystemActor("demo")
MESSAGE = "demo-{number:08d}"


@dataclass
class Demo:
    """What was made so far, by the names used in the data."""

    users: dict[str, User] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def admin(self) -> User:
        return self.users["demo.admin"]

    def holder_of_right(self, name: str) -> User | Department:
        """A person by login, or an internal department by name."""
        return self.users.get(name) or self.departments[name]


def seed() -> list[dict[str, str]]:
    """Fills the installation and returns the log-ins; the caller holds the transaction and keeps the list."""
    demo = Demo()
    steps: tuple[Callable[[Demo], None], ...] = (
        _staff, _dimensions, _organizations, _rights, _people, _contacts_by_hand, _accounts, _external,
        _applications, _messages, _other_identity,
    )  # fmt: skip
    for step in steps:
        step(demo)
    User.objects.update(demo=True)
    return [
        {
            "login": login, "username": login, "password": demo.passwords[login], "role": role, "role_en": role_en,
        }
        for login, (role, role_en) in data.ROLES.items()
    ]  # fmt: skip


# --- Inside -----------------------------------------------------------------------------------------------------------


def _staff(demo: Demo) -> None:
    for number, (login, name, _department, position) in enumerate(data.STAFF):
        if login in data.ROLES:
            demo.passwords[login] = passwords.generate()
        if number == 0:
            demo.users[login] = people.create_first_admin(
                username=login, name=name, password=demo.passwords[login], by=SYSTEM
            )
            continue
        demo.users[login] = people.create_staff(
            by=SYSTEM, username=login, name=name, position=position, email=f"{login}@example.com",
            employee_code=f"E{number:04d}", password=demo.passwords.get(login),
        )  # fmt: skip
    people.update_staff(
        user=demo.admin, by=SYSTEM, position=data.STAFF[0][3], employee_code="E0000"
    )
    # The passwords are this installation's own: nobody handed them over, so nobody has to replace them.
    User.objects.filter(username__in=demo.passwords).update(
        must_change_password=False, initial_password_until=None
    )
    holder = people.grant_holder(user=demo.users["demo.holder"], by=demo.admin)
    demo.users["demo.holder"] = holder
    for name, above in data.DEPARTMENTS.items():
        demo.departments[name] = departments.create(
            by=demo.admin, name=name, parent=demo.departments.get(above)
        )
    for login, _name, department, _position in data.STAFF:
        departments.add_member(
            department=demo.departments[department], user=demo.users[login], by=SYSTEM
        )


# --- Organizations and rights -----------------------------------------------------------------------------------------


def _dimensions(demo: Demo) -> None:
    for order, (name, name_en, code, description) in enumerate(data.DIMENSIONS, start=1):
        demo.nodes[name] = dimensions.create(
            by=demo.admin,
            fields={"name": name, "name_en": name_en, "code": code, "order": order, "description": description},
        )  # fmt: skip
    demo.nodes["builtin"] = Node.objects.get(builtin=True)
    for order, (name, description) in enumerate(data.CATEGORIES, start=1):
        demo.categories[name] = lists.create_category(
            by=demo.admin, name=name, order=order, description=description
        )


def _organizations(demo: Demo) -> None:
    by = demo.users["demo.holder"]
    for dimension, name, code, category, tags, owner, _departments in data.ORGANIZATIONS:
        demo.nodes[name] = nodes.create(
            by=by,
            parent=demo.nodes[dimension],
            kind=Node.Kind.ORGANIZATION,
            fields={
                "name": name,
                "full_name": name.replace("（示例）", "有限公司（示例）"),
                "code": code,
                "category": demo.categories[category],
                "tags": [tag for tag in tags.split(";") if tag],
                "owners": [demo.users[owner]],
                "cooperation_from": datetime.date(2024, 1, 1),
                "remark": "演示数据，并非真实单位。",
            },
        )
    _dimension, above, name, code = data.SUBSIDIARY
    demo.nodes[name] = nodes.create(
        by=by, parent=demo.nodes[above], kind=Node.Kind.ORGANIZATION, fields={"name": name, "code": code}
    )  # fmt: skip


def _rights(demo: Demo) -> None:
    by = demo.users["demo.holder"]
    for dimension, name in data.MAINTAINERS:
        grants.add_maintainer(by=by, dimension=demo.nodes[dimension], to=demo.holder_of_right(name))
    for node, name in data.RANGES:
        grants.add_range(by=by, node=demo.nodes[node], to=demo.holder_of_right(name))
    for node, name in data.VISIBLE_STAFF:
        grants.add_visible_staff(by=by, node=demo.nodes[node], to=demo.holder_of_right(name))


# --- People -----------------------------------------------------------------------------------------------------------


def _people(demo: Demo) -> None:
    """Most come as in real life: one file for each dimension, imported by somebody who maintains it."""
    rng = random.Random(2026)  # noqa: S311 - invented names, nothing secret
    rows = _rows(rng)
    for dimension, login in (
        (data.SUPPLIERS, "sun.qian"), (data.CHANNEL, "demo.maintainer"), (data.AUTHORITIES, "demo.holder"),
    ):  # fmt: skip
        mine = [row for name, row in rows if name == dimension]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "people.csv"
            write_csv(path, headings(), [[row.get(key, "") for key in BY_KEY] for row in mine])
            by = demo.users[login]
            found = plan.make(path=path, dimension=demo.nodes[dimension], by=by)
            apply.run(plan=found, by=by, report=lambda _delta, _done: None)
    nodes.set_enabled(by=demo.users["demo.holder"], node=demo.nodes[data.DISABLED], enabled=False)


def _rows(rng: random.Random) -> list[tuple[str, dict[str, str]]]:
    names = rng.sample([f"{s}{g}" for s in data.SURNAMES for g in data.GIVEN], data.PEOPLE)
    rows = []
    for number, name in enumerate(names):
        dimension, organization, code, _category, _tags, _owner, below = data.ORGANIZATIONS[
            number % len(data.ORGANIZATIONS)
        ]
        rows.append((dimension, {
            "organization": organization, "organization_code": code, "name": name,
            "department": rng.choice([*below.split(";"), *below.split(";"), ""]),
            "code": f"D{number:04d}", "mobile": f"160{number:08d}", "email": f"demo{number}@example.com",
            "position": rng.choice(data.POSITIONS), "gender": rng.choice("男女"),
            "tags": rng.choice(["", "", "决策人", "对账人", "技术对接"]),
        }))  # fmt: skip
    return rows


def _create(demo: Demo, login: str, node: str, **fields: Any) -> Contact:
    return contact_people.create(by=demo.users[login], node=demo.nodes[node], fields=fields)


def _contacts_by_hand(demo: Demo) -> None:
    for number, (login, name, remark) in enumerate(data.LOOSE):
        mobile = f"1609100{number:04d}"
        contact = _create(demo, login, "builtin", name=name, mobile=mobile, remark=remark)
        if number == 0:
            sharing.share(
                by=demo.users[login], contact=contact, to=demo.departments["渠道管理组"], level="view"
            )  # fmt: skip


# --- Accounts and applications ----------------------------------------------------------------------------------------


def _accounts(demo: Demo) -> None:
    """Some accounts opened directly: active, about to expire, disabled."""
    by = demo.users["demo.maintainer"]
    rows = list(
        Contact.objects.filter(main_node__dimension=demo.nodes[data.CHANNEL], live=True).order_by("code")[:4]
    )  # fmt: skip
    for number, contact in enumerate(rows):
        contact_accounts.open_directly(
            by=by, contact=contact, username=f"guest{number + 1}", password=passwords.generate()
        )
    contact_accounts.set_expiry(
        by=by, contact=rows[1], expires_at=timezone.now() + datetime.timedelta(days=6)
    )
    contact_accounts.disable(by=by, contact=rows[2])


def _external(demo: Demo) -> None:
    """One external person who is through with the first log-in and lands in the portal at once; a colleague of his."""
    for login, person, number in (
        ("demo.external", data.EXTERNAL, 1),
        ("fang.yan", data.SECOND, 2),
    ):
        demo.users[login] = _with_account(demo, login, person, number)
    user = demo.users["demo.external"]
    User.objects.filter(pk=user.pk).update(must_change_password=False, initial_password_until=None)
    user.refresh_from_db()
    notice = PrivacyNotice.objects.order_by("-version").first()
    if notice is not None:
        own.accept_notice(user=user, version=notice.version, by=user)


def _with_account(demo: Demo, login: str, person: tuple[str, str, str], number: int) -> User:
    """A contact with an account, who sees demo.staff."""
    organization, name, position = person
    password = passwords.generate()
    if login in data.ROLES:
        demo.passwords[login] = password
    by = demo.users["demo.maintainer"]
    contact = _create(
        demo, "demo.maintainer", organization, name=name, position=position, mobile=f"1609200000{number}",
        email=f"{login.removeprefix('demo.')}@example.com",
    )  # fmt: skip
    contact = contact_accounts.open_directly(
        by=by, contact=contact, username=login, password=password
    )
    sharing.add_visible_staff(by=by, contact=contact, to=demo.users["demo.staff"])
    user: User = User.objects.get(pk=contact.user_id)
    return user


def _applications(demo: Demo) -> None:
    applicant, decider = demo.users["demo.staff"], demo.users["demo.maintainer"]
    for number, (node, name, position, state, remark) in enumerate(data.APPLIED):
        contact = _create(
            demo, "demo.staff", node, name=name, position=position, mobile=f"1609300{number:04d}"
        )
        asked = approvals.apply(contact_id=contact.pk, remark=remark, by=applicant)
        if state in ("approved", "refused"):
            approvals.decide(
                application_id=asked.pk, approve=state == "approved", by=decider,
                reason="" if state == "approved" else data.REFUSAL, version=contact.version,
            )  # fmt: skip
        elif state == "withdrawn":
            approvals.withdraw(application_id=asked.pk, by=applicant)
        elif state == "lapsed":
            contact_accounts.open_directly(
                by=decider, contact=contact, username="guest.finance", password=passwords.generate()
            )


def _messages(demo: Demo) -> None:
    external, staff = demo.users["demo.external"], demo.users["demo.staff"]
    thread = im.open_direct(by=staff, other=_party(external))
    for number, (login, body) in enumerate(data.TALK):
        im.send(
            conversation_id=thread.pk, body=body, client_id=MESSAGE.format(number=number), by=demo.users[login]
        )  # fmt: skip
    for number, (login, other, body) in enumerate(data.COLLEAGUES):
        talk = im.open_direct(by=demo.users[login], other=Party(demo.users[other].pk))
        im.send(
            conversation_id=talk.pk, body=body, client_id=MESSAGE.format(number=100 + number), by=demo.users[login]
        )  # fmt: skip

    _group(demo)


def _party(user: User) -> Party:
    return Party(user.pk, Contact.objects.get(user=user).pk if user.is_external else None)


def _group(demo: Demo) -> None:
    """Staff and the two external people of one organization."""
    title, colleagues = data.GROUP
    others = [_party(demo.users[login]) for login in (*colleagues, "demo.external", "fang.yan")]
    group = groups.create(
        by=demo.users["demo.staff"],
        others=others,
        title=title,
        client_id=MESSAGE.format(number=200),
    )
    logins = {user.name: user.pk for user in demo.users.values()}
    for number, (login, body, named) in enumerate(data.GROUP_TALK):
        im.send(
            conversation_id=group.pk, body=body, client_id=MESSAGE.format(number=200 + number), by=demo.users[login],
            mentions=[logins[named]] if named else [],
        )  # fmt: skip


def _other_identity(demo: Demo) -> None:
    """The external person is known elsewhere, too: he was asked, and has agreed (SPEC ACC-1)."""
    by, person = demo.users["demo.holder"], demo.users["demo.external"]
    organization, name, position, host, words = data.OTHER_IDENTITY
    through = Contact.objects.get(user=person)
    contact = _create(
        demo, "demo.holder", organization, name=name, position=position, mobile=through.mobile
    )
    sharing.add_visible_staff(by=by, contact=contact, to=demo.users[host])
    asked = identities.offer(by=by, contact=contact, through=through)
    identities.answer(by=person, offer_id=asked.pk, agree=True, organization=organization)
    thread = im.open_direct(by=demo.users[host], other=Party(person.pk, contact.pk))
    im.send(
        conversation_id=thread.pk, body=words, client_id=MESSAGE.format(number=300), by=demo.users[host]
    )  # fmt: skip


def keep(logins: list[dict[str, str]], *, folder: Path, text: str) -> Path:
    """Writes the log-ins where `manage.py demo_logins` finds them, readable for this account alone."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "demo_logins.json"
    waiting = folder / "demo_logins.json.new"
    waiting.unlink(missing_ok=True)
    with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    waiting.replace(path)
    return path
