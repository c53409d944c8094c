"""Proof that the audit trail is whole: the chain verifies and nothing waits unsealed (SPEC OPS-3, invariant I5)."""

import datetime

from django.utils import timezone

from core import audit
from core.models import AuditEntry

SEALED_WITHIN = datetime.timedelta(minutes=1)


def problems() -> list[str]:
    """Sentences; empty when the trail is whole. There is no repair: an altered trail is evidence."""
    found = []
    broken = audit.verify()
    if broken:
        found.append(f"audit: {broken}")
    late = AuditEntry.objects.filter(seq__isnull=True, at__lt=timezone.now() - SEALED_WITHIN)
    waiting = late.count()
    if waiting:
        found.append(
            f"audit: {waiting} rows wait for the sealer longer than a minute (is a worker running?)"
        )
    return found
