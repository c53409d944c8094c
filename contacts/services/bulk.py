"""Actions on a selection: each contact is checked, all are changed or none (SPEC CON-5; T05; matrix row 25)."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from contacts.models import Contact
from contacts.services import fields as contact_fields
from contacts.services import places, sharing
from contacts.services.shared import claim_all, record
from core.actors import Actor
from core.errors import Invalid
from orgs.models import Node, Tag


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
    tags = {name: Tag.objects.get_or_create(name=name)[0] for name in wanted}
    through = Contact.tags.through
    rows = through.objects.filter(contact__in=contacts, tag__in=tags.values())
    had = set(rows.values_list("contact_id", "tag_id"))
    changed = 0
    for contact in contacts:
        new = [name for name, row in tags.items() if (contact.pk, row.pk) not in had]
        if new:
            through.objects.bulk_create(
                [through(contact_id=contact.pk, tag_id=tags[name].pk) for name in new]
            )
            record(by=by, contact=contact, action="contact.tag", after={"tags": new})
            changed += 1
    return changed


@transaction.atomic
def share(
    *, by: Actor, contact_ids: Sequence[int], to: Sequence[sharing.Holder], level: str
) -> int:
    """Shares contacts that `by` may edit with people and departments; returns how many got a new share."""
    if not to:
        raise Invalid(_("Choose at least one person or department"), field="people")
    changed = 0
    for contact in _editable(by, contact_ids):
        new = [sharing.give(by=by, contact=contact, to=one, level=level) for one in to]
        changed += any(new)
    return changed


def _editable(by: Actor, contact_ids: Sequence[int]) -> list[Contact]:
    return claim_all(
        by=by,
        contact_ids=contact_ids,
        allowed=lambda viewer: Contact.objects.editable_by(viewer),
    )
