"""What contacts does when the tree below announces a change."""

from typing import Any

from contacts import closure
from contacts.services import accounts
from core.actors import SystemActor
from orgs.events import SubtreeChanged

ACTOR = SystemActor("tree")


def on_subtree_changed(*, event: SubtreeChanged, **_: Any) -> None:
    """Recomputes the scope closure below a moved, enabled or disabled node, in the same transaction.

    External people below it who cannot log in any more are logged out (SPEC ORG-6).
    """
    closure.subtree_changed(event.path, report=event.report)
    accounts.end_unusable(by=ACTOR, node_id=event.node_id)
