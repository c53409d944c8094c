"""Who hears of runs: pages that are open, and notifications at their end (SPEC WEC-9)."""

from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from core import live
from im.services import notify
from wecom_sync.models import Run

CARD: Final = "wecom_sync.run"
Status = Run.Status


def watchers() -> list[int]:
    """Everybody who may look at runs (matrix row 53): a handful, so each is told and whoever looks is up to date."""
    rows = User.objects.active().filter(Q(is_superuser=True) | Q(is_holder=True))
    return list(rows.values_list("pk", flat=True))


def show(run: Run) -> None:
    """Pages that show this run ask again."""
    live.tell(watchers(), "job", job=CARD, id=run.pk)


def recount() -> None:
    """The number of runs that wait, beside the entry of the menu, is asked for again."""
    live.tell(watchers(), "badge")


def ended(run: Run) -> None:
    """A run is over, or waits: its owner hears of it, and whoever may help where nobody is looking.

    The last step of the transaction. Written in the language of the installation, as it is kept as it was written.
    """
    with translation.override(settings.LANGUAGE_CODE):
        body = _title(run) % {"name": run.connection.name}
    notify(
        user_ids=_concerned(run), card_kind=CARD, card_ref=str(run.pk), body=body,
        dedupe_key=f"wecom-run:{run.pk}:{run.status}{':rest' if run.rest_first else ''}",
    )  # fmt: skip


def _concerned(run: Run) -> list[int]:
    held = run.status == Status.READY and run.brake and not run.rest_first
    alone = run.status == Status.FAILED and run.trigger != Run.Trigger.MANUAL
    owner = [run.owner_id] if run.owner_id else []
    return [*owner, *watchers()] if held or alone else owner


def _title(run: Run) -> str:
    if run.status == Status.READY:
        if run.rest_first:
            return _("Synchronization of %(name)s: all is written but for what leaves, which waits")
        if run.brake:
            return _("Synchronization of %(name)s waits: many people would leave")
        return _("The dry run of %(name)s is finished")
    if run.in_part:
        return _("Synchronization of %(name)s is finished in part")
    if run.status == Status.DONE:
        return _("Synchronization of %(name)s is finished")
    return _("Synchronization of %(name)s has failed")
