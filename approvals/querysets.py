"""Reads on applications. `visible_to` is the only way to rows (matrix row 37)."""

from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from contacts.permissions import viewer_of

if TYPE_CHECKING:
    from approvals.models import Application  # noqa: F401  the type of the rows


class ApplicationQuerySet(models.QuerySet["Application"]):
    """Chainable reads."""

    def pending(self) -> Self:
        return self.filter(status="pending")

    def visible_to(self, user: Any) -> Self:
        """All for holders and administrators, else those of the dimensions `user` maintains and his own."""
        viewer = viewer_of(user)
        if not viewer.scope.active_staff:
            return self.none()
        if viewer.everything:
            return self.all()
        return self.filter(Q(applicant=viewer.user_id) | _maintained(viewer.scope.maintained))

    def decidable_by(self, user: Any) -> Self:
        """Pending ones that `user` may decide: never his own."""
        viewer = viewer_of(user)
        if not viewer.scope.maintains_any:
            return self.none()
        rows = self.pending().exclude(applicant=viewer.user_id)
        return rows if viewer.everything else rows.filter(_maintained(viewer.scope.maintained))


def _maintained(dimension_ids: tuple[int, ...]) -> Q:
    if not dimension_ids:
        return Q(pk__in=[])
    memberships = apps.get_model("contacts", "Membership")._default_manager.filter(
        contact_id=OuterRef("contact_id"), node__dimension_id__in=dimension_ids
    )
    return Q(Exists(memberships))


class ApplicationManager(models.Manager.from_queryset(ApplicationQuerySet)):  # type: ignore[misc]  # dynamic base class
    """The queryset's reads."""
