"""Whether a person is known already (SPEC CON-4)."""

from dataclasses import dataclass, field

from django.db.models import Q
from django.db.models.functions import Lower

from contacts.models import Contact
from contacts.permissions import viewer_of
from contacts.querysets import ContactQuerySet
from core.actors import Actor

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Contacts with the same mobile or e-mail. `hidden`: there is one whose number or address the asker may not read in
    full; it is not named, or whole numbers could be tried until a name comes up (SPEC CON-4, CON-7).
    """

    visible: list[Contact] = field(default_factory=list)
    hidden: bool = False

    def __bool__(self) -> bool:
        return bool(self.visible) or self.hidden


def same_person(rows: ContactQuerySet, *, mobile: str, email: str) -> ContactQuerySet:
    """Those of `rows` with this mobile or e-mail; nobody without either."""
    same = Q(pk__in=[])
    if mobile:
        same |= Q(mobile=mobile)
    if email:
        same |= Q(lower_email=email.lower())
    return rows.annotate(lower_email=Lower("email")).filter(same)


def find_duplicates(
    *, by: Actor, mobile: str = "", email: str = "", exclude_id: int | None = None
) -> Duplicates:
    """Living contacts with this mobile (E.164) or e-mail (any case); at most five are named. Two queries."""
    rows = same_person(Contact.objects.alive(), mobile=mobile, email=email)
    if exclude_id:
        rows = rows.exclude(pk=exclude_id)
    ids = set(rows.values_list("pk", flat=True)[:200]) if mobile or email else set()
    if not ids:
        return Duplicates()
    visible = list(
        Contact.objects.editable_by(viewer_of(by))
        .filter(pk__in=ids)
        .select_related("main_node")
        .order_by("sort_key", "pk")
    )
    return Duplicates(visible[:SHOWN], hidden=len(visible) < len(ids))
