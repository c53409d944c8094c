"""Steps that several services take: lock, read the role under the lock, refuse with the right answer, record."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from contacts import closure
from contacts.models import Contact
from contacts.permissions import Role, role_on, viewer_of
from core import audit
from core.actors import Actor
from core.errors import Denied, Hidden
from orgs.models import Node

# Fields that an approver signs (SECURITY T33): changing one raises Contact.version.
SIGNED = frozenset({"name", "mobile", "email", "position", "main_node"})


def missing() -> Hidden:
    """The one answer for a contact that is not there and for one that may not be seen (T13)."""
    return Hidden(_("There is no such contact."))


def claim(
    *,
    by: Actor,
    contact: Contact,
    needs: Role,
    node_ids: Sequence[int] = (),
    say_why: bool = False,
    binned: bool = False,
) -> Contact:
    """Locks the contact (trees first, see closure.lock) and returns it as it is now.

    Raises Hidden when `by` does not see it, or sees it with less than `needs`; with `say_why` the latter is Denied
    with a reason. A maintainer of a further dimension who lacks only the main one always reads why.
    """
    rows = closure.lock(contact_ids=[contact.pk], node_ids=list(node_ids))
    role = role_on(viewer_of(by), contact.pk, binned=binned)
    fresh = rows.get(contact.pk)
    if fresh is None or role == Role.NONE or (fresh.deleted_at is not None) != binned:
        raise missing()
    if role >= needs:
        return fresh
    if role == Role.MAINTAINER:
        raise Denied(
            _("Only those who maintain the main dimension of this contact can do this"),
            code="main_dimension",
        )
    if say_why:
        raise Denied(
            _("You can see this contact, but not change it. Ask its follower or a maintainer"),
            code="not_editor",
        )
    raise missing()


def record(
    *,
    by: Actor,
    contact: Contact,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    dimension_id: int | None = None,
) -> None:
    """One audit row of a contact, readable for the maintainers of its main dimension."""
    audit.record(
        action=action, obj=contact, by=by, before=before, after=after, label=contact.name,
        dimension_id=dimension_id or dimension_of(contact),
    )  # fmt: skip


def dimension_of(contact: Contact) -> int:
    """Id of the main dimension, from the path of the main node as it is now."""
    path: str = Node.objects.values_list("path", flat=True).get(pk=contact.main_node_id)
    return int(path.split(".", 1)[0])
