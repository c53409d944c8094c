"""How many contacts stand at or below nodes: asked of an app above, by its names in the settings (NODE_COUNTS,
NODE_PREVIEW).
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from orgs.models import Node


def contact_counts(user: Any, node_ids: Sequence[int]) -> dict[int, int]:
    """node id → contacts that `user` sees at or below it; empty when nothing counts contacts."""
    if not available() or not node_ids:
        return {}
    counts: dict[int, int] = import_string(settings.NODE_COUNTS)(user, list(node_ids))
    return {node_id: counts.get(node_id, 0) for node_id in node_ids}


def available() -> bool:
    """Whether an app above counts contacts."""
    return bool(getattr(settings, "NODE_COUNTS", ""))


def visible_count(user: Any, node: Node) -> int | None:
    """How many contacts at or below the node somebody sees (SPEC ORG-9, preview); None when nothing counts them."""
    name = getattr(settings, "NODE_PREVIEW", "")
    return int(import_string(name)(user, node)) if name else None
