"""Actions on a selection: each contact is checked, all are changed or none (SPEC CON-5; T05; matrix row 25)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import picked
from contacts import closure
from contacts.models import Contact
from contacts.permissions import viewer_of
from contacts.services import fields as contact_fields
from contacts.services import people, places, sharing
from contacts.services.shared import Changed, claim_all, missing, record_all
from core.actors import Actor
from core.errors import Invalid
from core.kept import refuse_kept
from orgs.models import Node
from orgs.permissions import as_now
from orgs.services import words


@transaction.atomic
def move(*, by: Actor, contact_ids: Sequence[int], node: Node) -> int:
    """Gives contacts another main place; those that are there already stay. Returns how many moved.

    Raises Hidden, Denied or Invalid as shared.claim_all, Hidden unless `by` maintains the target.
    """
    contacts = claim_all(
        by=by, contact_ids=contact_ids, node_ids=[node.pk],
        allowed=lambda viewer: Contact.objects.main_maintained_by(viewer),
    )  # fmt: skip
    target = places.target_node(by=by, node_id=node.pk)
    moving = [contact for contact in contacts if contact.main_node_id != target.pk]
    for contact in moving:
        refuse_kept(contact.kept, "place")
    if moving:
        places.move_all(by=by, contacts=moving, target=target)
    return len(moving)


@transaction.atomic
def set_enabled(*, by: Actor, contact_ids: Sequence[int], enabled: bool) -> int:
    """Disables or enables contacts with their accounts; returns how many changed. Raises as `move`."""
    contacts = claim_all(
        by=by, contact_ids=contact_ids,
        allowed=lambda viewer: Contact.objects.main_maintained_by(viewer),
    )  # fmt: skip
    return places.set_enabled_all(by=by, contacts=contacts, enabled=enabled)


@transaction.atomic
def tag(*, by: Actor, contact_ids: Sequence[int], names: str) -> int:
    """Adds tags to contacts that `by` may edit; returns how many got one they did not have. Raises as `move`."""
    contacts = _editable(by, contact_ids)
    wanted = contact_fields.clean_value("tags", names)
    if not wanted:
        raise Invalid(_("Write at least one tag"), field="tags")
    tags = words.tags(wanted)
    through = Contact.tags.through
    rows = through.objects.filter(contact__in=contacts, tag__in=tags.values())
    had = set(rows.values_list("contact_id", "tag_id"))
    new = {
        contact: [name for name, row in tags.items() if (contact.pk, row.pk) not in had]
        for contact in contacts
    }
    through.objects.bulk_create(
        [
            through(contact_id=contact.pk, tag_id=tags[name].pk)
            for contact, added in new.items()
            for name in added
        ]
    )
    changed: list[Changed] = [
        (contact, {}, {"tags": added}) for contact, added in new.items() if added
    ]
    record_all(by=by, action="contact.tag", changes=changed)
    return len(changed)


@transaction.atomic
def share(
    *, by: Actor, contact_ids: Sequence[int], to: Sequence[sharing.Holder], level: str
) -> int:
    """Shares contacts that `by` may edit with people and departments; returns how many got a new share."""
    return _for_each(by, contact_ids, to, partial(sharing.give, level=level))


@transaction.atomic
def unshare(*, by: Actor, contact_ids: Sequence[int], to: Sequence[sharing.Holder]) -> int:
    """Takes shares with people and departments away from contacts that `by` may edit; returns how many lost one.

    Raises as `move`, Denied for oneself.
    """
    return _for_each(by, contact_ids, to, sharing.take_back)


def _for_each(
    by: Actor, contact_ids: Sequence[int], to: Sequence[sharing.Holder], act: Callable[..., bool]
) -> int:
    if not to:
        raise Invalid(_("Choose at least one person or department"), field="people")
    changed = 0
    for contact in _editable(by, contact_ids):
        changed += sum(act(by=by, contact=contact, to=one) for one in to) > 0
    return changed


@transaction.atomic
def untag(*, by: Actor, contact_ids: Sequence[int], names: str) -> int:
    """Takes tags away from contacts that `by` may edit; returns how many had one. Raises as `move`."""
    contacts = _editable(by, contact_ids)
    wanted = contact_fields.clean_value("tags", names)
    if not wanted:
        raise Invalid(_("Write at least one tag"), field="tags")
    tags = words.tags(wanted, make=False)
    rows = Contact.tags.through.objects.filter(contact__in=contacts, tag__in=tags.values())
    had: dict[int, list[str]] = {}
    for contact_id, name in rows.values_list("contact_id", "tag__name"):
        had.setdefault(contact_id, []).append(name)
    rows.delete()
    changed: list[Changed] = [(one, {"tags": had[one.pk]}, {}) for one in contacts if one.pk in had]
    record_all(by=by, action="contact.untag", changes=changed)
    return len(changed)


@transaction.atomic
def set_follower(*, by: Actor, contact_ids: Sequence[int], follower: User | None) -> int:
    """Makes somebody the follower of contacts whose dimensions `by` maintains, or nobody; returns how many changed.

    An edit share is not enough: the follower keeps his right when the share is gone (SECURITY T25). Raises as `move`,
    Invalid for external or inactive people.
    """
    follower = contact_fields.clean_value("follower", follower)
    contacts = claim_all(
        by=by, contact_ids=contact_ids,
        allowed=lambda viewer: Contact.objects.maintained_by(viewer),
    )  # fmt: skip
    moved = [one for one in contacts if one.follower_id != (follower.pk if follower else None)]
    former = User.objects.in_bulk({one.follower_id for one in moved if one.follower_id})
    labels = {pk: user.actor_label for pk, user in former.items()}
    after = {"follower": follower.actor_label if follower else ""}
    changed = [(one, {"follower": labels.get(one.follower_id, "")}, after) for one in moved]
    rows = Contact.objects.filter(pk__in=[one.pk for one in moved])
    rows.update(follower=follower, updated_at=timezone.now())
    record_all(by=by, action="contact.edit", changes=changed)
    return len(changed)


@transaction.atomic
def delete(*, by: Actor, contact_ids: Sequence[int]) -> int:
    """Puts contacts into the bin, as people.delete does with one. Raises as `move`."""
    contacts = claim_all(
        by=by, contact_ids=contact_ids,
        allowed=lambda viewer: Contact.objects.main_maintained_by(viewer),
    )  # fmt: skip
    people.put_into_bin(by=by, contacts=contacts)
    return len(contacts)


@transaction.atomic
def restore(*, by: Actor, contact_ids: Sequence[int]) -> int:
    """Takes contacts out of the bin, without accounts; all or none.

    Raises Hidden when one is not in the bin (any more) or its main dimension is not maintained by `by`, Conflict for
    one that was merged into another, Invalid for none.
    """
    wanted = sorted(set(contact_ids))
    if not wanted:
        raise Invalid(_("Choose at least one contact"))
    rows = closure.lock(contact_ids=wanted)
    mine = Contact.objects.main_maintained_by(viewer_of(as_now(by))).binned()
    if mine.filter(pk__in=wanted).count() != len(wanted):
        raise missing()
    people.take_out_of_bin(by=by, contacts=[rows[pk] for pk in wanted])
    return len(wanted)


def _editable(by: Actor, contact_ids: Sequence[int]) -> list[Contact]:
    return claim_all(
        by=by,
        contact_ids=contact_ids,
        allowed=lambda viewer: Contact.objects.editable_by(viewer),
    )


# --- By name, as forms and jobs ask for them ------------------------------------------------------------------------

Options = Mapping[str, Any]
"""What an action needs, as JSON: move {node}, tag and untag {tags}, share {holders, level}, unshare {holders},
follower {user}."""


def perform(*, by: Actor, action: str, contact_ids: Sequence[int], options: Options) -> int:
    """One of ACTIONS; returns how many changed. Raises what the action raises."""
    return ACTIONS[action](by, contact_ids, **known(by=by, action=action, options=options))


def known(*, by: Actor, action: str, options: Options) -> dict[str, Any]:
    """The objects that options name, as they are now; raises Hidden or Invalid for what is gone or out of reach."""
    read = _READ.get(action)
    return read(by, options) if read else {}


def _node(by: Actor, options: Options) -> dict[str, Any]:
    return {"node": places.target_node(by=as_now(by), node_id=options["node"])}


def _names(_by: Actor, options: Options) -> dict[str, Any]:
    return {"names": options["tags"]}


def _share(_by: Actor, options: Options) -> dict[str, Any]:
    return {**_holders(_by, options), "level": options["level"]}


def _holders(_by: Actor, options: Options) -> dict[str, Any]:
    found = picked(options["holders"])
    return {"to": [*found.users, *found.departments]}


def _follower(_by: Actor, options: Options) -> dict[str, Any]:
    if not options.get("user"):
        return {"follower": None}
    return {"follower": picked([f"p{options['user']}"]).users[0]}


_READ: dict[str, Callable[[Actor, Options], dict[str, Any]]] = {
    "move": _node, "tag": _names, "untag": _names, "share": _share, "unshare": _holders,
    "follower": _follower,
}  # fmt: skip
ACTIONS: dict[str, Callable[..., int]] = {
    "move": lambda by, ids, **what: move(by=by, contact_ids=ids, **what),
    "tag": lambda by, ids, **what: tag(by=by, contact_ids=ids, **what),
    "untag": lambda by, ids, **what: untag(by=by, contact_ids=ids, **what),
    "share": lambda by, ids, **what: share(by=by, contact_ids=ids, **what),
    "unshare": lambda by, ids, **what: unshare(by=by, contact_ids=ids, **what),
    "follower": lambda by, ids, **what: set_follower(by=by, contact_ids=ids, **what),
    "enable": lambda by, ids: set_enabled(by=by, contact_ids=ids, enabled=True),
    "disable": lambda by, ids: set_enabled(by=by, contact_ids=ids, enabled=False),
    "delete": lambda by, ids: delete(by=by, contact_ids=ids),
}
