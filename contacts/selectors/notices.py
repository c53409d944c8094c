"""Which cards of notifications somebody may open now (settings.IM_CARD_READERS; SECURITY T58)."""

from collections.abc import Collection

from accounts.models import User
from contacts.models import BulkJob, Contact, ExpiryNotice, ExportJob, ImportJob
from orgs.permissions import scope_of


def imports(user: User, ids: Collection[int]) -> set[int]:
    """Of own imports into dimensions still maintained (matrix row 33)."""
    return _own(
        user,
        dict(ImportJob.objects.filter(pk__in=ids, owner=user).values_list("pk", "dimension_id")),
    )


def exports(user: User, ids: Collection[int]) -> set[int]:
    """Of own exports of dimensions still maintained (matrix row 35)."""
    return _own(
        user,
        dict(ExportJob.objects.filter(pk__in=ids, owner=user).values_list("pk", "dimension_id")),
    )


def bulk_jobs(user: User, ids: Collection[int]) -> set[int]:
    """Of own bulk actions in dimensions still maintained (matrix row 25)."""
    rows = BulkJob.objects.filter(pk__in=ids, owner=user)
    return _own(user, dict(rows.values_list("pk", "node__dimension_id")))


def _own(user: User, dimensions: dict[int, int]) -> set[int]:
    scope = scope_of(user)
    return {pk for pk, dimension_id in dimensions.items() if scope.maintains(dimension_id)}


def expiries(user: User, ids: Collection[int]) -> set[int]:
    """Of contacts whose account one may see (matrix row 19)."""
    notices = dict(ExpiryNotice.objects.filter(pk__in=ids).values_list("pk", "contact_id"))
    rows = Contact.objects.editable_by(user).filter(pk__in=notices.values())
    seen = set(rows.values_list("pk", flat=True))
    return {pk for pk, contact_id in notices.items() if contact_id in seen}
