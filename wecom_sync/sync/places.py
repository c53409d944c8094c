"""Items of a plan that are about groups, corps and departments. Each function returns the items it had to pass over."""

from collections.abc import Sequence
from typing import Final

from django.utils import timezone

from orgs.models import Node
from orgs.services import nodes, synced
from wecom_sync.models import Chain, PlanItem, RemotePlace
from wecom_sync.sync import kept
from wecom_sync.sync.world import ACTOR, World

LEFT: Final = "left"
LEFT_NAME: Final = "已离开"


def join(_world: World, items: Sequence[PlanItem]) -> list[int]:
    """A corp that was invited has joined, and has another key from now on."""
    skipped = []
    for one in items:
        rows = RemotePlace.objects.filter(chain=one.chain_id, key=one.before["key"])
        if not rows.update(key=one.key):
            skipped.append(one.pk)
    return skipped


def add(world: World, items: Sequence[PlanItem]) -> list[int]:
    """New nodes, parents first; those that are there since an earlier try, and those below nothing, are passed over."""
    world.read(
        [(one.chain_id or 0, key) for one in items for key in (one.key, one.after["parent"])]
    )
    skipped: list[int] = []
    for chain_id in dict.fromkeys(one.chain_id for one in items):
        chain = world.chains[chain_id or 0]
        new: dict[str, synced.NewPlace] = {}
        for one in items:
            if one.chain_id != chain_id or (chain.pk, one.key) in world.nodes:
                continue
            above = world.nodes.get((chain.pk, one.after["parent"]))
            parent = one.after["parent"] if one.after["parent"] in new else above
            if parent is None:
                skipped.append(one.pk)
                continue
            kind = Node.Kind.DEPARTMENT if one.key.startswith("d:") else Node.Kind.ORGANIZATION
            new[one.key] = synced.NewPlace(one.key, parent, kind, one.name, one.after["order"])
        create(
            chain, list(new.values()), {one.key: one for one in items if one.chain_id == chain_id}
        )
    return skipped


def create(chain: Chain, new: Sequence[synced.NewPlace], items: dict[str, PlanItem]) -> None:
    if not new or chain.target is None:
        return
    dimension = Node.objects.get(pk=chain.target.dimension_id)
    by_kind = kept.words_of(chain)
    ids = synced.create_many(by=ACTOR, dimension=dimension, places=new, kept=by_kind)
    RemotePlace.objects.bulk_create(
        [
            RemotePlace(
                chain=chain, key=key, node_id=pk, share=items[key].after["share"] if key in items else "",
                custom_id=items[key].after["custom_id"] if key in items else "",
            )
            for key, pk in ids.items()
        ],
        batch_size=2000,
    )  # fmt: skip


def change(world: World, items: Sequence[PlanItem]) -> list[int]:
    world.read([(one.chain_id or 0, one.after.get("parent", "")) for one in items])
    synced.rename_many(
        by=ACTOR,
        names={one.node_id or 0: one.after["name"] for one in items if "name" in one.after},
    )
    synced.reorder_many(
        by=ACTOR,
        orders={one.node_id or 0: one.after["order"] for one in items if "order" in one.after},
    )
    skipped = []
    for one in items:
        node = Node.objects.filter(pk=one.node_id).first()
        parent = world.nodes.get((one.chain_id or 0, one.after.get("parent", "")))
        if node is None or parent is None:
            skipped.append(one.pk)
            continue
        if "parent" in one.after:
            synced.move(by=ACTOR, node=node, parent=Node.objects.get(pk=parent))
        _update_remote(one, node)
    return skipped


def _update_remote(item: PlanItem, node: Node) -> None:
    row = RemotePlace.objects.select_for_update().get(chain=item.chain_id, key=item.key)
    row.share = item.after.get("share", row.share)
    row.custom_id = item.after.get("custom_id", row.custom_id)
    if "gone" in item.after:
        if row.put_off:
            nodes.set_enabled(by=ACTOR, node=node, enabled=True)
        row.gone_at, row.put_off = None, False
    row.save()


def leave(_world: World, items: Sequence[PlanItem]) -> list[int]:
    skipped = []
    for one in items:
        rows = RemotePlace.objects.select_for_update().filter(chain=one.chain_id, key=one.key)
        row = rows.select_related("node").first()
        if row is None:
            skipped.append(one.pk)
            continue
        others = RemotePlace.objects.filter(node=row.node_id, gone_at=None).exclude(pk=row.pk)
        if one.after.get("enabled") is False and not others.exists():
            row.put_off = nodes.set_enabled(by=ACTOR, node=row.node, enabled=False)
        row.gone_at = timezone.now()
        row.save(update_fields=["gone_at", "put_off"])
    return skipped


def left(chain: Chain) -> int:
    """The place of a chain for those who left; made when the first one does."""
    row = RemotePlace.objects.filter(chain=chain, key=LEFT).first()
    if row is None and chain.target is not None:
        new = synced.NewPlace(LEFT, chain.target.pk, Node.Kind.ORGANIZATION, LEFT_NAME)
        create(chain, [new], {})
        row = RemotePlace.objects.get(chain=chain, key=LEFT)
    if row is None:
        raise LookupError("a chain without a target has no people")
    return row.node_id
