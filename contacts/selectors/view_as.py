"""Through whose eyes somebody looks at the address book now (SPEC VIS-3, VIS-5; matrix row 28)."""

from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from contacts.models import ViewAs
from contacts.permissions import Viewer, seen_through, viewer_of


@dataclass(frozen=True, slots=True)
class Look:
    """A view that goes on: what it may show, and for how many seconds still."""

    row: ViewAs
    viewer: Viewer
    seconds: int


def current(*, by: User, pk: int) -> Look | None:
    """The view `pk` of `by`, or None when it is over: ended, run out of time, the person looked through is disabled,
    or `by` maintains nothing any more. Rights are read anew each time; at most seven queries.
    """
    row = ViewAs.objects.select_related("target").filter(pk=pk, by=by, ended_at=None).first()
    if row is None:
        return None
    seconds = int((row.until - timezone.now()).total_seconds())
    viewer = seen_through(viewer_of(row.target), viewer_of(by))
    return None if seconds <= 0 or viewer.nothing else Look(row, viewer, seconds)
