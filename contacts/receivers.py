"""What contacts does when the tree below announces a change."""

from typing import Any

from contacts import closure
from orgs.events import SubtreeChanged


def on_subtree_changed(*, event: SubtreeChanged, **_: Any) -> None:
    """Recomputes the scope closure below a moved, enabled or disabled node, in the same transaction."""
    closure.subtree_changed(event.path)
