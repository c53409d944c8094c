"""Steps that several services take: lock, read the role under the lock, refuse with the right answer, record."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts import closure
from contacts.models import Contact
from contacts.permissions import Role, Viewer, role_on, viewer_of
from contacts.querysets import ContactQuerySet
from core import audit
from core.actors import Actor
from core.errors import Denied, Hidden, Invalid
from orgs.models import Node
from orgs.permissions import as_now

# Fields that an approver signs (SECURITY T33): changing one raises Contact.version.
SIGNED = frozenset(
    {"name", "mobile", "email", "position"}
)  # and the main node, see places.move_all
BULK_LIMIT = 2000
Changed = tuple[Contact, Mapping[str, Any], Mapping[str, Any]]
"""A contact as it is now, with what of it was and is: see record_all()."""


def missing() -> Hidden:
    """The one answer for a contact that is not there and for one that may not be seen (T13)."""
    return Hidden(_("There is no such contact."))


def claim(*, by: Actor, contact: Contact, needs: Role, **how: Any) -> Contact:
    """`claim_with_role` for those who do not ask for the role."""
    return claim_with_role(by=by, contact=contact, needs=needs, **how)[0]


def claim_with_role(
    *,
    by: Actor,
    contact: Contact,
    needs: Role,
    node_ids: Sequence[int] = (),
    say_why: bool = False,
    binned: bool = False,
) -> tuple[Contact, Role]:
    """Locks the contact (trees first, see closure.lock); returns it as it is now, and what `by` is to it.

    Raises Hidden when `by` does not see it, or sees it with less than `needs`; with `say_why` the latter is Denied
    with a reason. A maintainer of a further dimension who lacks only the main one always reads why.
    """
    rows = closure.lock(contact_ids=[contact.pk], node_ids=list(node_ids))
    role = role_on(viewer_of(as_now(by)), contact.pk, binned=binned)
    fresh = rows.get(contact.pk)
    if fresh is None or role == Role.NONE or (fresh.deleted_at is not None) != binned:
        raise missing()
    require(role, needs, say_why=say_why)
    return fresh, role


def claim_pair(*, by: Actor, first: Contact, second: Contact) -> tuple[Contact, Contact]:
    """Locks two contacts in one order whoever names them how; both as they are now.

    Raises Hidden or Denied as `claim_with_role` unless `by` maintains the main dimension of both.
    """
    rows = closure.lock(contact_ids=[first.pk, second.pk])
    viewer = viewer_of(as_now(by))
    for contact in (first, second):
        fresh = rows.get(contact.pk)
        role = role_on(viewer, contact.pk)
        if fresh is None or role == Role.NONE or fresh.deleted_at is not None:
            raise missing()
        require(role, Role.MAIN_MAINTAINER)
    return rows[first.pk], rows[second.pk]


def require(role: Role, needs: Role, *, say_why: bool = False) -> None:
    """Raises Denied with a reason where one may be given, else Hidden, for whoever is less than `needs`."""
    if role >= needs:
        return
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


def claim_all(
    *,
    by: Actor,
    contact_ids: Sequence[int],
    allowed: Callable[[Viewer], ContactQuerySet],
    node_ids: Sequence[int] = (),
) -> list[Contact]:
    """The same for a selection, all or nothing (T05): in order of id, each checked under the locks.

    Raises Hidden when one of them is not seen, Denied when one is seen but not `allowed`, Invalid for too many.
    """
    wanted = sorted(set(contact_ids))
    if len(wanted) > BULK_LIMIT:
        raise Invalid(
            _("At most %(limit)s contacts at once. Narrow the selection") % {"limit": BULK_LIMIT}
        )
    rows = closure.lock(contact_ids=wanted, node_ids=list(node_ids))
    viewer = viewer_of(as_now(by))
    if Contact.objects.visible_to(viewer).filter(pk__in=wanted).count() != len(wanted):
        raise Hidden(_("One of the chosen contacts is not there any more. Choose again"))
    refused = len(wanted) - allowed(viewer).filter(pk__in=wanted).count()
    if refused:
        raise Denied(
            ngettext(
                "You may not do this with %(count)s of the chosen contacts; nothing was changed",
                "You may not do this with %(count)s of the chosen contacts; nothing was changed",
                refused,
            )
            % {"count": refused},
            code="bulk",
        )
    return [rows[pk] for pk in wanted]


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


def record_all(
    *,
    by: Actor,
    action: str,
    changes: Sequence[tuple[Contact, Mapping[str, Any], Mapping[str, Any]]],
) -> None:
    """The same for many: (contact as it is now, before, after); two statements however many."""
    nodes = {contact.main_node_id for contact, _before, _after in changes}
    dimensions = dict(Node.objects.filter(pk__in=nodes).values_list("pk", "dimension_id"))
    audit.record_many(
        action=action, model=Contact, by=by,
        changes=[
            audit.Change(
                object_id=contact.pk, label=contact.name, dimension_id=dimensions[contact.main_node_id],
                before=before, after=after,
            )
            for contact, before, after in changes
        ],
    )  # fmt: skip


def dimension_of(contact: Contact) -> int:
    """Id of the main dimension, from the path of the main node as it is now."""
    path: str = Node.objects.values_list("path", flat=True).get(pk=contact.main_node_id)
    return int(path.split(".", 1)[0])
