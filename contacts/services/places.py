"""Where a contact belongs, and whether it is enabled (SPEC CON-1, VIS-1; matrix rows 23, 24)."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import access
from contacts import accounts_hooks, closure, events
from contacts.models import Contact, Membership
from contacts.permissions import Role
from contacts.services.shared import claim, record, record_all
from core.actors import Actor
from core.errors import Conflict, Hidden, Invalid
from core.kept import refuse_kept
from orgs.models import Node, Source
from orgs.permissions import require_maintain, scope_for


@transaction.atomic
def add_membership(
    *, by: Actor, contact: Contact, node: Node, position: str = "", order: int = 0
) -> Membership:
    """A further place for a contact (matrix row 23).

    Raises Hidden unless `by` maintains the main dimension and the target, Conflict when the contact is there already.
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAIN_MAINTAINER, node_ids=[node.pk])
    target = target_node(by=by, node_id=node.pk)
    membership, created = Membership.objects.get_or_create(
        contact=fresh, node=target, defaults={"position": position[:100], "order": order}
    )
    if not created:
        raise Conflict(
            _("%(name)s is in “%(node)s” already") % {"name": fresh.name, "node": target.name}
        )
    closure.refresh_places([fresh.pk])
    after = {"node": target.name, "position": position}
    record(by=by, contact=fresh, action="membership.add", after=after)
    return membership


def target_node(*, by: Actor, node_id: int) -> Node:
    """A node read under the locks of closure.lock(); raises Hidden unless `by` maintains its dimension."""
    node: Node | None = Node.objects.filter(pk=node_id).first()
    if node is None:
        raise Hidden(_("There is no such organization or department."))
    require_maintain(by=by, node=node)
    return node


@transaction.atomic
def edit_membership(
    *, by: Actor, contact: Contact, node: Node, position: str = "", order: int = 0
) -> Membership:
    """Position and order in one place; for those who maintain its dimension. Raises Hidden otherwise."""
    fresh = claim(by=by, contact=contact, needs=Role.MAINTAINER)
    membership = _membership(by=by, contact=fresh, node=node)
    where = {"node": node.name}
    before = where | {"position": membership.position, "order": membership.order}
    after = where | {"position": position[:100], "order": order}
    if before == after:
        return membership
    membership.position, membership.order = position[:100], order
    membership.save(update_fields=["position", "order"])
    record(by=by, contact=fresh, action="membership.edit", before=before, after=after)
    return membership


@transaction.atomic
def remove_membership(*, by: Actor, contact: Contact, node: Node) -> None:
    """Takes a contact out of a further place; for those who maintain that place or the main dimension.

    Raises Hidden otherwise, Conflict for the main place (a contact is moved or deleted instead).
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAINTAINER)
    membership = _membership(by=by, contact=fresh, node=node)
    if membership.is_main:
        raise Conflict(_("This is the main place. Move the contact instead, or delete it"))
    if membership.node.source == Source.WECOM:
        refuse_kept(fresh.kept, "place")
    membership.delete()
    closure.refresh_places([fresh.pk])
    end_unusable(by=by, contacts=[fresh])
    record(by=by, contact=fresh, action="membership.remove", before={"node": node.name})


@transaction.atomic
def make_main(*, by: Actor, contact: Contact, node: Node) -> Contact:
    """Makes a further place the main one; the former main place stays as a further one (SPEC CON-1; matrix row 24).

    Raises Hidden or Denied unless `by` maintains the main dimension and that of the place, Conflict when it is the main
    one already, Hidden for a place the contact does not have.
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAIN_MAINTAINER)
    refuse_kept(fresh.kept, "place")
    target = target_node(by=by, node_id=node.pk)
    row = _membership(by=by, contact=fresh, node=target)
    if row.is_main:
        raise Conflict(_("This is the main place already"))
    former = Node.objects.get(pk=fresh.main_node_id)
    fresh.memberships.filter(is_main=True).update(is_main=False)
    fresh.memberships.filter(pk=row.pk).update(is_main=True)
    fresh.main_node, fresh.version = target, fresh.version + 1
    fresh.save(update_fields=["main_node", "version", "updated_at"])
    record(
        by=by, contact=fresh, action="membership.main",
        before={"node": former.name, "dimension_id": former.dimension_id},
        after={"node": target.name, "dimension_id": target.dimension_id},
    )  # fmt: skip
    return fresh


def _membership(*, by: Actor, contact: Contact, node: Node) -> Membership:
    """The membership at `node`, for those who maintain that node or the main one."""
    row = Membership.objects.filter(contact=contact, node_id=node.pk).select_related("node").first()
    scope = scope_for(by)
    main = Node.objects.get(pk=contact.main_node_id)
    if row is None or not (
        scope.maintains(row.node.dimension_id) or scope.maintains(main.dimension_id)
    ):
        raise Hidden(_("There is no such membership."))
    return row


@transaction.atomic
def move(*, by: Actor, contact: Contact, node: Node) -> Contact:
    """Gives a contact another main place; further places stay (matrix row 24).

    Raises Hidden or Denied unless `by` maintains the main dimension and the target, Invalid when it is there already.
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAIN_MAINTAINER, node_ids=[node.pk])
    refuse_kept(fresh.kept, "place")
    target = target_node(by=by, node_id=node.pk)
    if fresh.main_node_id == target.pk:
        raise Invalid(
            _("%(name)s is in “%(node)s” already") % {"name": fresh.name, "node": target.name},
            field="node",
        )
    move_all(by=by, contacts=[fresh], target=target)
    fresh.refresh_from_db()
    return fresh


def move_all(*, by: Actor, contacts: Sequence[Contact], target: Node) -> None:
    """The change itself; everything is locked, every right was checked."""
    ids = [contact.pk for contact in contacts]
    former = Node.objects.in_bulk({contact.main_node_id for contact in contacts})
    places = Membership.objects.filter(contact_id__in=ids)
    places.filter(node=target, is_main=False).delete()
    places.filter(is_main=True).update(node=target)
    Contact.objects.filter(pk__in=ids).update(
        main_node=target, version=F("version") + 1, updated_at=timezone.now()
    )
    closure.refresh_places(ids)
    end_unusable(by=by, contacts=contacts)
    after = {"node": target.name, "dimension_id": target.dimension_id}
    changes = []
    for contact in contacts:
        node = former[contact.main_node_id]
        contact.main_node = target
        changes.append((contact, {"node": node.name, "dimension_id": node.dimension_id}, after))
    record_all(by=by, action="contact.move", changes=changes)


@transaction.atomic
def set_enabled(*, by: Actor, contact: Contact, enabled: bool) -> Contact:
    """Disables or enables a contact with its account (SPEC section 0: 停用 belongs to the identity).

    Disabling ends the sessions of a login without another usable identity (SECURITY T45), those of others go on as that
    one (SPEC ACC-1), and lets a pending application lapse. Raises Hidden or Denied unless `by` maintains the main
    dimension.
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAIN_MAINTAINER)
    set_enabled_all(by=by, contacts=[fresh], enabled=enabled)
    fresh.refresh_from_db()
    return fresh


def set_enabled_all(*, by: Actor, contacts: Sequence[Contact], enabled: bool) -> int:
    """The change itself, for those that are not so already; everything is locked, every right was checked."""
    changed = [contact for contact in contacts if contact.enabled != enabled]
    ids = [contact.pk for contact in changed]
    Contact.objects.filter(pk__in=ids).update(enabled=enabled, updated_at=timezone.now())
    closure.refresh_places(ids)
    end_unusable(by=by, contacts=changed)
    if enabled:
        access.end_acting(ids)
    else:
        for contact in changed:
            events.announce_gone(contact_id=contact.pk, reason="disabled", by=by)
    action = "contact.enable" if enabled else "contact.disable"
    before, after = {"enabled": not enabled}, {"enabled": enabled}
    record_all(by=by, action=action, changes=[(one, before, after) for one in changed])
    return len(changed)


def end_unusable(*, by: Actor, contacts: Sequence[Contact]) -> None:
    """Ends everything alive of the logins that have no usable identity now (SECURITY T45, T46)."""
    logins = {contact.user_id for contact in contacts if contact.user_id}
    for user in User.objects.filter(pk__in=logins).order_by("pk"):
        if not accounts_hooks.usable(user):
            access.revoke_everything(user=user, by=by, reason="no usable identity")
