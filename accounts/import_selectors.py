"""Reads on imports of staff: whose they are, where the first credentials they made stand, and staff as rows."""

from collections.abc import Collection, Iterator

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts import permissions
from accounts.imports import apply
from accounts.imports.plan import FIELDS, known_places
from accounts.models import InitialSecret, StaffImport, User


def own_imports(user: User, ids: Collection[int]) -> set[int]:
    """Which of these notifications may be opened now: of own imports, by an administrator."""
    if not permissions.is_admin(user):
        return set()
    return set(StaffImport.objects.filter(pk__in=ids, owner=user).values_list("pk", flat=True))


def _issues(job_id: int, reader: User) -> QuerySet[InitialSecret]:
    begin = apply.issue_key(job_id)
    return InitialSecret.objects.filter(issue_key__startswith=begin, readers=reader)


def _states() -> dict[str, Q]:
    open_ = Q(revealed_at=None, revoked_at=None)
    issued = open_ & Q(issued_at__isnull=False)
    sent = Q(channel__in=InitialSecret.SENT)
    late = Q(expires_at__lte=timezone.now())
    return {
        "preparing": open_ & Q(issued_at=None),
        "sent": issued & sent,
        "ready": issued & ~sent & ~late,
        "shown": Q(revealed_at__isnull=False),
        "expired": issued & ~sent & late,
    }


def issue_counts(*, job_id: int, reader: User) -> dict[str, int]:
    """How many first credentials of an import are "preparing", "sent", "ready", "shown", "expired"; one query."""
    sums = {state: Count("pk", filter=which) for state, which in _states().items()}
    found: dict[str, int] = _issues(job_id, reader).aggregate(**sums)
    return found


def ready_issues(*, job_id: int, reader: User, limit: int) -> list[str]:
    """Keys of the next ones that can be shown, in order of names."""
    rows = _issues(job_id, reader).filter(_states()["ready"]).order_by("user__sort_key", "pk")
    return list(rows.values_list("issue_key", flat=True)[:limit])


def file_rows(users: "QuerySet[User]", *, limit: int) -> Iterator[list[str]]:
    """Staff as the table of an import has them, departments as paths with the main one first."""
    paths = {pk: path for path, pk in known_places().items()}
    for user in users[:limit]:
        memberships = user.department_memberships.all()
        ordered = sorted(memberships, key=lambda one: (not one.is_main, one.pk))
        places = ";".join(paths[one.department_id] for one in ordered)
        values = (getattr(user, name) or "" for name in FIELDS)
        yield [*values, places, "是" if user.is_active else "否"]
