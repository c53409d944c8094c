"""The rows of one batch into the tables: COPY for new ones, one UPDATE for changed ones, derived rows, audit."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from contacts import closure
from contacts.imports.decisions import Decision
from contacts.models import Contact, ContactVisibleStaff, Membership
from core import audit
from core.actors import Actor
from core.copying import copy_rows, defaults, new_ids
from core.text import pinyin, simplified
from orgs.models import DirectorySettings, Source
from orgs.services import words

# Fields that an approver signs (SECURITY T33): changing one raises Contact.version.
SIGNED = frozenset({"name", "mobile", "email", "position"})
UPDATED = (
    "name", "simplified", "sort_key", "initials", "reading", "code", "gender", "mobile", "telephone", "email",
    "position", "office", "remark", "security_level", "version", "updated_at",
)  # fmt: skip


def write(decisions: Sequence[Decision], *, by: Actor, dimension_id: int) -> dict[int, int]:
    """Writes decided rows; the caller holds the locks and the transaction. Returns id → row of new contacts."""
    new = [decision for decision in decisions if decision.contact is None]
    changed = [decision for decision in decisions if decision.kind in ("updated", "joined")]
    ids = _create(new, by=by, dimension_id=dimension_id)
    _update(changed, by=by)
    _tag([*zip(ids, (one.row.tags for one in new), strict=True), *_new_tags(changed)])
    closure.refresh([*ids, *(_id(one) for one in changed if one.fields or one.join)])
    return dict(zip(ids, (one.row.row for one in new), strict=True))


def _id(decision: Decision) -> int:
    if decision.contact is None:
        raise ValueError("a new contact has no id yet")
    return decision.contact.pk


def _node(decision: Decision) -> int:
    if decision.node_id is None:
        raise ValueError("the node was not created yet")
    return decision.node_id


def _create(new: Sequence[Decision], *, by: Actor, dimension_id: int) -> list[int]:
    if not new:
        return []
    ids = new_ids(Contact, len(new))
    creator = by.pk if isinstance(by, User) else None
    level = DirectorySettings.objects.values_list("default_security_level", flat=True).get(pk=1)
    fixed = defaults(Contact) | {
        "created_by_id": creator, "source": Source.FILE.value, "security_level": level,
        "created_at": timezone.now(), "updated_at": timezone.now(),
    }  # fmt: skip
    copy_rows(Contact, (fixed | _columns(one, pk) for pk, one in zip(ids, new, strict=True)))
    copy_rows(Membership, [
        {"contact_id": pk, "node_id": _node(one), "is_main": True, "position": "", "order": 0}
        for pk, one in zip(ids, new, strict=True)
    ])  # fmt: skip
    if creator:
        _let_see(ids, by=by, user_id=creator)
    audit.record_many(
        action="contact.create", model=Contact, by=by,
        changes=[
            audit.Change(pk, one.row.name, after=_shown(one), dimension_id=dimension_id)
            for pk, one in zip(ids, new, strict=True)
        ],
    )  # fmt: skip
    return ids


def _columns(decision: Decision, pk: int) -> dict[str, Any]:
    row = decision.row
    values = {
        "id": pk, "main_node_id": _node(decision), **names(row.name),
        "code": row.code or None, "gender": row.gender, "mobile": row.mobile, "telephone": row.telephone,
        "email": row.email, "position": row.position, "office": row.office, "remark": row.remark,
    }  # fmt: skip
    return values if row.security_level is None else values | {"security_level": row.security_level}


def names(name: str) -> dict[str, str]:
    """The columns that follow from a name."""
    reading = pinyin(name)
    return {
        "name": name, "simplified": simplified(name), "sort_key": reading.sort_key, "initials": reading.initials,
    }  # fmt: skip


def _shown(decision: Decision) -> dict[str, Any]:
    row = decision.row
    values: dict[str, Any] = {
        name: getattr(row, name)
        for name in ("name", "code", "gender", "mobile", "telephone", "email", "position", "office", "remark")
    }  # fmt: skip
    values |= {"security_level": row.security_level, "tags": list(row.tags)}
    filled = {key: value for key, value in values.items() if value not in ("", None, [])}
    return filled | {"main_node": "/".join((row.organization, *row.department)), "source": "file"}


def _let_see(ids: Sequence[int], *, by: Actor, user_id: int) -> None:
    """权限设置: the creator is in it by default (SPEC CON-3)."""
    now = timezone.now()
    copy_rows(ContactVisibleStaff, (
        {
            "contact_id": pk, "user_id": user_id, "group_id": None, "granted_at": now,
            "granted_by_label": by.actor_label[:200], "source": "manual",
        }
        for pk in ids
    ))  # fmt: skip


def _update(changed: Sequence[Decision], *, by: Actor) -> None:
    edited = [one for one in changed if one.fields or one.tags]
    joining = [one for one in changed if one.join]
    _audit("contact.edit", edited, by, lambda one: (_before(one), _after(one)))
    _load_updates([one for one in edited if one.fields])
    Membership.objects.bulk_create(
        [
            Membership(contact_id=_id(one), node_id=_node(one), position=one.row.position)
            for one in joining
        ],
        batch_size=1000,
    )
    _audit("membership.add", joining, by, lambda one: ({}, _place(one)))
    moved = [one for one in changed if one.membership_position is not None]
    for one in moved:
        Membership.objects.filter(contact_id=_id(one), node_id=_node(one)).update(
            position=one.row.position
        )
    _audit("membership.edit", moved, by, lambda one: ({}, _place(one)))


def _audit(
    action: str,
    decisions: Sequence[Decision],
    by: Actor,
    values: Callable[[Decision], tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    changes = []
    for one in decisions:
        before, after = values(one)
        changes.append(
            audit.Change(_id(one), one.row.name, before, after, dimension_id=one.dimension_id)
        )
    audit.record_many(action=action, model=Contact, by=by, changes=changes)


def _before(decision: Decision) -> dict[str, Any]:
    return {name: getattr(decision.contact, name) for name in decision.fields}


def _after(decision: Decision) -> dict[str, Any]:
    added = {"tags_added": list(decision.tags)} if decision.tags else {}
    return {**decision.fields, **added}


def _place(decision: Decision) -> dict[str, Any]:
    row = decision.row
    return {"node": "/".join((row.organization, *row.department)), "position": row.position}


def _load_updates(decisions: Sequence[Decision]) -> None:
    if not decisions:
        return
    settings = ", ".join(f'"{name}" = f."{name}"' for name in UPDATED)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE imported ON COMMIT DROP AS SELECT * FROM contacts_contact WITH NO DATA"
        )
        copy_rows(Contact, (_row_of(one) for one in decisions), table="imported")
        cursor.execute(
            f"UPDATE contacts_contact c SET {settings} FROM imported f WHERE c.id = f.id"
        )
        cursor.execute("DROP TABLE imported")


def _row_of(decision: Decision) -> dict[str, Any]:
    contact = decision.contact
    values = {name: getattr(contact, name) for name in ("id", *UPDATED)} | dict(decision.fields)
    if "name" in decision.fields:
        values |= {**names(decision.fields["name"]), "reading": ""}
    values["version"] += bool(SIGNED & decision.fields.keys())
    return values | {"updated_at": timezone.now()}


def _new_tags(changed: Sequence[Decision]) -> list[tuple[int, tuple[str, ...]]]:
    return [(_id(one), one.tags) for one in changed]


def _tag(tagged: Sequence[tuple[int, tuple[str, ...]]]) -> None:
    wanted = sorted({name for _pk, names_of in tagged for name in names_of})
    if not wanted:
        return
    ids = {name: tag.pk for name, tag in words.tags(wanted).items()}
    through = Contact.tags.through
    through.objects.bulk_create(
        [through(contact_id=pk, tag_id=ids[name]) for pk, names_of in tagged for name in names_of],
        ignore_conflicts=True,
        batch_size=2000,
    )
