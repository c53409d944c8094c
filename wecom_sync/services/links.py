"""What only a person decides: who is the same as whom (SPEC WEC-1, WEC-2; SECURITY T71)."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import audit
from core.actors import Actor
from core.errors import Conflict, Hidden
from orgs.models import Node
from wecom_sync.models import Apart, Chain, PlanItem, PulledPlace, RemotePerson, RemotePlace, Run
from wecom_sync.permissions import require_run
from wecom_sync.services import joining, runs
from wecom_sync.sync import kept


@transaction.atomic
def confirm(*, by: Actor, item: PlanItem) -> RemotePlace:
    """A person says that a corp and an organization of ours are one; from the next run on they are kept equal.

    For hints of a plan alone: "same_name", where an organization of the name is here already, and "maybe_joined",
    where an invited corp vanished and one of its name joined. The plan is outdated by it.
    Raises Denied, Hidden for any other item, Conflict where either side is linked already or a run writes.
    """
    require_run(by)
    fresh = PlanItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if fresh.message not in CONFIRM or fresh.chain is None:
        raise Hidden(_("There is no such hint."))
    connection = fresh.chain.connection
    if fresh.status != PlanItem.Status.OPEN:
        raise Conflict(_("This was decided already"), code="decided")
    if connection.runs.filter(status=Run.Status.APPLYING).exists():
        raise runs.under_way()
    try:
        with transaction.atomic():
            place = CONFIRM[fresh.message](fresh, fresh.chain)
    except IntegrityError as error:
        raise _linked() from error
    fresh.status, fresh.after = PlanItem.Status.DONE, fresh.after | {"linked": True}
    fresh.save(update_fields=["status", "after"])
    Chain.objects.filter(pk=fresh.chain.pk).update(policy_at=timezone.now())
    kept.refresh(connection)
    audit.record(
        action="wecom.link", obj=place.node, by=by, dimension_id=place.node.dimension_id,
        after={"connection": connection.name, "corp": fresh.name, "key": place.key},
    )  # fmt: skip
    return place


def _same_name(item: PlanItem, chain: Chain) -> RemotePlace:
    """The organization that is here becomes the corp; one that was made for it meanwhile goes into it.

    Raises Conflict, Hidden, IntegrityError.
    """
    node = Node.objects.select_for_update(of=("self",)).filter(pk=item.node_id).first()
    if node is None or node.kind != Node.Kind.ORGANIZATION:
        raise Hidden(_("There is no such organization or department."))
    if RemotePlace.objects.filter(chain=chain, node=node).exists():
        raise _linked()
    made = RemotePlace.objects.select_related("node").filter(chain=chain, key=item.key).first()
    if made is not None:
        joining.join(old=made.node, new=node)
        made.refresh_from_db()
        return made
    pulled = PulledPlace.objects.filter(run=item.run_id, chain=chain, key=item.key).first()
    return RemotePlace.objects.create(
        chain=chain,
        key=item.key,
        node=node,
        custom_id=pulled.custom_id if pulled else "",
        share=pulled.share if pulled else "",
    )


def _maybe_joined(item: PlanItem, chain: Chain) -> RemotePlace:
    """The corp that was invited has another key since it joined; what was made for it meanwhile goes into it.

    Raises Conflict, IntegrityError.
    """
    rows = RemotePlace.objects.select_for_update(of=("self",)).select_related("node")
    place = rows.filter(chain=chain, key=item.key).first()
    if place is None:
        raise _linked()
    made = RemotePlace.objects.select_related("node").filter(chain=chain, key=item.after["key"])
    if (other := made.first()) is not None:
        joining.join(old=other.node, new=place.node)
        place.delete()
        other.refresh_from_db()
        return other
    place.key = item.after["key"]
    place.save(update_fields=["key"])
    return place


def _linked() -> Conflict:
    return Conflict(_("One of the two is linked with another already"), code="linked")


CONFIRM = {"same_name": _same_name, "maybe_joined": _maybe_joined}
REFUSE = ("same_name", "same_person")


@transaction.atomic
def refuse(*, by: Actor, item: PlanItem) -> None:
    """A person says that the two of a hint are not one; it is not asked again.

    Raises Denied, Hidden for any other item, Conflict where it was decided already.
    """
    require_run(by)
    fresh = PlanItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if fresh.message not in REFUSE or fresh.chain is None:
        raise Hidden(_("There is no such hint."))
    if fresh.status != PlanItem.Status.OPEN:
        raise Conflict(_("This was decided already"), code="decided")
    other = fresh.after.get("contact")
    which = {"contact_id": other} if other else {"node_id": fresh.node_id}
    Apart.objects.get_or_create(chain=fresh.chain, key=fresh.key, **which)
    fresh.status, fresh.after = PlanItem.Status.DONE, fresh.after | {"apart": True}
    fresh.save(update_fields=["status", "after"])
    audit.record(
        action="wecom.apart",
        obj=fresh.chain.connection,
        by=by,
        after={"corp": fresh.name, "key": fresh.key},
    )


def follow_merge(*, contact_id: int, into: int) -> None:
    """Who was one contact in WeCom is the survivor from now on; the merge itself is in the trail.

    Where somebody took the survivor's login away from WeCom it stays so: a merge does not give it back (T71).
    """
    unlinked = RemotePerson.objects.filter(contact_id=into).exclude(unlinked_at=None).exists()
    rows = RemotePerson.objects.filter(contact_id=contact_id)
    if unlinked:
        rows.filter(unlinked_at=None).update(unlinked_at=timezone.now())
    rows.update(contact_id=into)
