"""What the tree announces upward. Sent inside the transaction of the change (docs/adr/0003)."""

from dataclasses import dataclass

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class SubtreeChanged:
    """The nodes at or below `node_id` have other ancestors, or count or no longer count for staff.

    Whoever derives something from ancestors or from `Node.live` recomputes it for this subtree now.
    """

    node_id: int
    path: str


subtree_changed = Signal()


def announce(*, node_id: int, path: str) -> None:
    """Tells the apps above that a subtree moved, was enabled or disabled."""
    subtree_changed.send(sender=SubtreeChanged, event=SubtreeChanged(node_id=node_id, path=path))
