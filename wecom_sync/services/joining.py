"""Two organizations that are one corp become one (SPEC WEC-1): a person said so, see services.links."""

from typing import Final

from django.db import connection, transaction

from contacts.models import Membership
from contacts.services import synced as people
from core.errors import Invalid
from orgs.models import Node, NodeGroupGrant, NodeUserGrant, NodeVisibleStaff
from orgs.services import nodes
from orgs.services import synced as places
from wecom_sync.models import RemotePlace
from wecom_sync.sync.world import ACTOR

BATCH: Final = 1000
REPLACED: Final = """
UPDATE wecom_sync_remoteperson SET places = array_replace(places, %s::bigint, %s::bigint) WHERE %s = ANY(places)
"""


@transaction.atomic
def join(*, old: Node, new: Node) -> None:
    """Everything of `old` goes into `new`: departments of the same name become one, people stand there from now on.

    `old` is deleted, unless rights were given on it by hand or somebody in the bin stands there.
    """
    for child in Node.objects.filter(parent=old).order_by("pk"):
        twin = Node.objects.filter(parent=new, kind=child.kind, name=child.name).first()
        if twin is None:
            places.move(by=ACTOR, node=child, parent=new)
        else:
            join(old=child, new=twin)
    _people(old, new)
    RemotePlace.objects.filter(node=old).update(node=new)
    with connection.cursor() as cursor:
        cursor.execute(REPLACED, [old.pk, new.pk, old.pk])
    if not _rights(old):
        try:
            with transaction.atomic():
                nodes.remove(by=ACTOR, node=Node.objects.get(pk=old.pk))
        except Invalid:
            places.keep(node_ids=[old.pk], kept="")


def _people(old: Node, new: Node) -> None:
    rows = Membership.objects.filter(node=old, contact__deleted_at=None).order_by("contact_id")
    found = list(rows.values_list("contact_id", "is_main"))
    for start in range(0, len(found), BATCH):
        people.change_many(by=ACTOR, wanted=[
            people.Wanted(pk, add=[new.pk], remove={old.pk}, main=new.pk if main else None)
            for pk, main in found[start : start + BATCH]
        ])  # fmt: skip


def _rights(node: Node) -> bool:
    by_hand = {"source": "manual"}
    return (
        NodeUserGrant.objects.filter(content_object=node, **by_hand).exists()
        or NodeGroupGrant.objects.filter(content_object=node, **by_hand).exists()
        or NodeVisibleStaff.objects.filter(node=node, **by_hand).exists()
    )
