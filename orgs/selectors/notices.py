"""Which cards of notifications somebody may open now (settings.IM_CARD_READERS; SECURITY T58)."""

from collections.abc import Collection

from accounts.models import User
from orgs.models import Restructuring, RestructuringBatch


def restructurings(user: User, ids: Collection[int]) -> set[int]:
    """Of large moves of nodes that one maintains."""
    rows = Restructuring.objects.visible_to(user).filter(pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def batches(user: User, ids: Collection[int]) -> set[int]:
    """Of several large moves, in dimensions that one maintains."""
    rows = RestructuringBatch.objects.visible_to(user).filter(pk__in=ids)
    return set(rows.values_list("pk", flat=True))
