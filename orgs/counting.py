"""How many contacts stand at or below nodes: asked of an app above, by the name in the settings (NODE_COUNTS)."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


def contact_counts(user: Any, node_ids: Sequence[int]) -> dict[int, int]:
    """node id → contacts that `user` sees at or below it; empty when nothing counts contacts."""
    name = getattr(settings, "NODE_COUNTS", "")
    if not name or not node_ids:
        return {}
    counts: dict[int, int] = import_string(name)(user, list(node_ids))
    return counts
