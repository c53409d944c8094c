"""Walks the hash chain of the audit trail (SPEC OPS-3)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import audit
from core.models import AuditEntry, AuditHead


class Command(BaseCommand):
    help = (
        "Verify the audit trail; names the first altered, missing or forged row and exits with 1."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        broken = audit.verify()
        if broken:
            raise CommandError(str(broken), returncode=1)
        head = AuditHead.objects.filter(pk=1).first()
        waiting = AuditEntry.objects.filter(seq__isnull=True).count()
        self.stdout.write(
            f"audit trail whole: {head.seq if head else 0} rows, {waiting} not sealed yet"
        )
