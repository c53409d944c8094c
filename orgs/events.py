"""What the tree announces upward. Sent inside the transaction of the change (docs/adr/0003)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.dispatch import Signal

Report = Callable[[int, int], None]
"""Told how many of how many people have been gone over; may raise, and then nothing has happened."""


@dataclass(frozen=True, slots=True)
class SubtreeChanged:
    """The nodes at or below `node_id` have other ancestors, or count or no longer count for staff.

    Whoever derives something from ancestors or from `Node.live` recomputes it for this subtree now.
    """

    node_id: int
    path: str
    report: Report | None = None


subtree_changed = Signal()


def announce(*, node_id: int, path: str, report: Report | None = None) -> None:
    """Tells the apps above that a subtree moved, was enabled or disabled."""
    event = SubtreeChanged(node_id=node_id, path=path, report=report)
    subtree_changed.send(sender=SubtreeChanged, event=event)
