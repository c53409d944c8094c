"""Numbers of contacts for the tree of the back office (settings NODE_COUNTS and NODE_PREVIEW)."""

from collections.abc import Sequence
from typing import Any

from contacts.models import Contact
from contacts.permissions import viewer_of
from contacts.selectors.lists import node_counts
from orgs.models import Node


def counts(user: Any, node_ids: Sequence[int]) -> dict[int, int]:
    """Node id → contacts at or below it that `user` maintains."""
    return node_counts(viewer_of(user), node_ids)


def visible(user: Any, node: Node) -> int:
    """How many contacts at or below the node `user` sees by the rule, whoever asks (setting NODE_PREVIEW)."""
    return Contact.objects.count_for(viewer_of(user), node=node)
