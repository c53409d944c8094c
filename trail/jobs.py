"""The walk over the chain in the worker, and telling administrators where it is broken (SPEC OPS-3)."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext

from accounts.models import User
from core import audit, live
from core.models import AuditHead
from im.services import notify
from trail.models import AuditCheck


def walk(*, check_id: int) -> None:
    """Walks once and keeps how it ended. Nothing happens where it has ended already or is gone."""
    check = AuditCheck.objects.filter(pk=check_id, finished_at__isnull=True).first()
    if check is None:
        return
    head = AuditHead.objects.filter(pk=1).first()
    broken = audit.verify()
    with transaction.atomic():
        check.rows, check.finished_at = head.seq if head else 0, timezone.now()
        if broken is not None:
            check.broken_kind, check.broken_seq = broken.kind, broken.seq
            check.broken_id = broken.entry_id
        check.save()
        _tell(check)


def nightly() -> None:
    """The walk of every night."""
    walk(check_id=AuditCheck.objects.create(asked_by="").pk)


def _tell(check: AuditCheck) -> None:
    admins = list(User.objects.active().filter(is_superuser=True).values_list("pk", flat=True))
    live.tell(admins, "card", card="trail.check", ref=check.pk)
    if not check.broken_kind:
        return
    # A notification is kept as it was written, so it is written in the language of the installation.
    with translation.override(settings.LANGUAGE_CODE):
        body = gettext("The audit trail was altered")
    notify(
        user_ids=admins, card_kind="trail.check", card_ref=str(check.pk), body=body,
        dedupe_key=f"audit-check:{check.pk}",
    )  # fmt: skip
