"""Reads on applications: who is asked, the list with its counts, and what a viewer may read of one."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import Issue, issue_for_reader
from approvals import permissions
from approvals.models import Application
from contacts.models import Contact, Membership
from core.models import AuditEntry
from core.text import clean, simplified
from orgs.selectors.below import number
from orgs.selectors.ranges import maintain
from orgs.selectors.trail import day, midnight

if TYPE_CHECKING:
    from contacts.permissions import Viewer

TABS: Final = ("pending", "approved", "refused", "withdrawn", "lapsed", "all")
REMIND_AFTER: Final = datetime.timedelta(hours=24)
# The row of the trail is a statement older or younger than the application.
EARLIER: Final = datetime.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What narrows the list. Days are local ones, both included; names are searched for."""

    status: str = ""
    q: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None
    dimension: int | None = None
    applicant: str = ""
    decider: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """From the query of an address; what makes no sense is not asked."""
        status = given.get("status", "")
        return cls(
            status=status if status in TABS else "pending",
            q=clean(given.get("q", "")[:200], 100),
            since=day(given.get("since", "")),
            until=day(given.get("until", "")),
            dimension=number(given.get("dimension", "")),
            applicant=clean(given.get("applicant", ""), 100),
            decider=clean(given.get("decider", ""), 100),
        )

    def values(self) -> dict[str, str]:
        """What narrows it beside the state, as the query of an address keeps it."""
        names = ("q", "since", "until", "dimension", "applicant", "decider")
        return {name: str(getattr(self, name)) for name in names if getattr(self, name)}


EVERY: Final = Asked()


def asked(*, contact_id: int, applicant_id: int) -> list[User]:
    """Who is asked about an application now (SPEC APR-2, APR-6), in order of pinyin; three queries at most.

    Holders of 外部互联维护 and maintainers of the contact's dimensions, by person or through an internal department;
    administrators only where nobody else could decide. Never the applicant, never inactive people.
    """
    dimensions = Membership.objects.filter(contact_id=contact_id).values("node__dimension_id")
    others: QuerySet[User] = User.objects.active().staff().exclude(pk=applicant_id)
    others = others.order_by("sort_key", "id")
    found = list(others.filter(Q(is_holder=True) | maintain(dimensions)))
    return found or list(others.filter(is_superuser=True))


def only_administrators(people: Sequence[User], *, contact_id: int) -> bool:
    """Whether those asked are asked for want of anybody else (SPEC APR-6)."""
    if not people or not all(person.is_superuser for person in people):
        return False
    dimensions = Membership.objects.filter(contact_id=contact_id).values("node__dimension_id")
    ids = [person.pk for person in people]
    return (
        not User.objects.filter(pk__in=ids)
        .filter(Q(is_holder=True) | maintain(dimensions))
        .exists()
    )


CREDENTIALS: Final = ("credentials.issue", "credentials.reveal", "login.activate")


def events(application: Application) -> list[AuditEntry]:
    """The whole course of an application from the audit trail, oldest first: also what became of its credentials."""
    about = Q(object_type="approvals.application", object_id=str(application.pk))
    if application.secret is not None:
        user = str(application.secret.user_id)
        about |= Q(object_type="accounts.user", object_id=user, action__in=CREDENTIALS)
    return list(
        AuditEntry.objects.filter(about, at__gte=application.created_at - EARLIER).order_by("id")[
            :100
        ]
    )


def asked_ids(application: Application) -> list[int]:
    """Ids of `asked` for this application."""
    people = asked(contact_id=application.contact_id, applicant_id=application.applicant_id)
    return [person.pk for person in people]


def _rows() -> QuerySet[Application]:
    rows: QuerySet[Application] = Application.objects.select_related(
        "contact__main_node__parent", "applicant", "decided_by", "secret__user"
    )
    return rows.prefetch_related("applicant__department_memberships__department")


def listed(*, viewer: Viewer, asked: Asked = EVERY) -> QuerySet[Application]:
    """Applications that `viewer` may see, newest first; the status is one of TABS, "" or "all" for every one.

    `asked.q` finds the number, the contact (name or last digits of the mobile), its main node, and the applicant.
    """
    rows = _rows().filter(pk__in=_matching(viewer, asked).values("pk"))
    if asked.status and asked.status != "all":
        rows = rows.filter(status=asked.status)
    return rows.order_by("-id")


def counts(*, viewer: Viewer, asked: Asked = EVERY) -> dict[str, int]:
    """How many of each status `listed` has, and "all"; one query."""
    rows = _matching(viewer, asked).order_by().values_list("status").annotate(n=Count("pk"))
    found = dict.fromkeys(TABS, 0) | dict(rows)
    found["all"] = sum(found.values())
    return found


def _matching(viewer: Viewer, asked: Asked) -> QuerySet[Application]:
    rows = _narrowed(Application.objects.visible_to(viewer), asked)
    text = " ".join(asked.q.split())[:100]
    if not text:
        return rows
    plain = simplified(text)
    found = (
        Q(number__icontains=text)
        | Q(contact__simplified__icontains=plain)
        | Q(contact__main_node__name__icontains=text)
        | Q(applicant__simplified__icontains=plain)
    )
    if text.isascii() and text.isalpha():
        found |= Q(contact__initials__startswith=text.lower())
    if text.isdecimal() and len(text) >= 4:
        found |= Q(contact__mobile__endswith=text)
    return rows.filter(found)


def _narrowed(rows: QuerySet[Application], asked: Asked) -> QuerySet[Application]:
    if asked.since:
        rows = rows.filter(created_at__gte=midnight(asked.since))
    if asked.until:
        end = midnight(asked.until) + datetime.timedelta(days=1)
        rows = rows.filter(created_at__lt=end)
    if asked.dimension:
        places = Membership.objects.filter(node__dimension_id=asked.dimension)
        rows = rows.filter(contact__in=places.values("contact_id"))
    if asked.applicant:
        rows = rows.filter(applicant__simplified__icontains=simplified(asked.applicant))
    if asked.decider:
        rows = rows.filter(decided_by__simplified__icontains=simplified(asked.decider))
    return rows


def mine(*, user: User, status: str = "") -> QuerySet[Application]:
    """Applications of `user`, newest first."""
    rows = _rows().filter(applicant=user)
    return (rows.filter(status=status) if status else rows).order_by("-id")


def waiting_for(user: Any) -> int:
    """How many pending applications `user` may decide (the badge)."""
    return int(Application.objects.decidable_by(user).count())


def decidable(user: Any, ids: list[int]) -> set[int]:
    """Which of these pending applications `user` may decide; one query."""
    rows = Application.objects.decidable_by(user).filter(pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def visible(*, application_id: int, user: Any) -> Application:
    """The application for somebody who may see it; raises Hidden otherwise."""
    rows = _rows().filter(pk__in=Application.objects.visible_to(user).values("pk"))
    application = rows.filter(pk=application_id).first()
    if application is None:
        raise permissions.missing()
    return application


def readable(user: User, ids: Collection[int]) -> set[int]:
    """Which of these applications `user` may see now (settings.IM_CARD_READERS)."""
    rows = Application.objects.visible_to(user).filter(pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def latest(contact: Contact) -> Application | None:
    """The newest application for a contact, whoever asked; the caller has decided about the contact."""
    return _rows().filter(contact=contact).order_by("-id").first()


@dataclass(frozen=True, slots=True)
class Standing:
    """What one viewer may do with one application now, and what he may read of its credentials."""

    may_decide: bool
    own: bool
    issue: Issue | None = None
    """For decider and applicant of an approved one: where the first credentials stand."""
    opening: bool = False
    """Approved, and the worker has not made the credentials yet."""


def standing(application: Application, user: User) -> Standing:
    """The rights of `user` on a visible application; at most four queries."""
    pending = application.status == Application.Status.PENDING
    approved = application.status == Application.Status.APPROVED
    secret = application.secret
    issue = issue_for_reader(issue_key=application.issue_key, reader=user) if approved else None
    return Standing(
        may_decide=pending and permissions.may_decide(user, application),
        own=application.applicant_id == user.pk,
        issue=issue,
        opening=bool(approved and secret and not secret.issued_at and not secret.revoked_at),
    )


def may_remind(application: Application) -> bool:
    """Whether the applicant may press 催办: once in 24 hours (SPEC APR-1)."""
    last = application.reminded_at
    return last is None or last <= timezone.now() - REMIND_AFTER


FIELDS: Final = ("name", "mobile", "email", "position", "node")


def changed_fields(*, contact_id: int, since: datetime.datetime) -> list[str]:
    """Labels of what was changed of a contact since then, from the audit trail (SECURITY T33)."""
    rows = AuditEntry.objects.filter(
        object_type="contacts.contact", object_id=str(contact_id), at__gte=since
    )
    keys = {key for after in rows.values_list("after", flat=True) for key in after}
    labels = {
        "name": _("Name"),
        "mobile": _("Mobile"),
        "email": _("E-mail"),
        "position": _("Position"),
        "node": _("Organization"),
    }
    return [labels[key] for key in FIELDS if key in keys]


def places(contact_ids: Iterable[int]) -> dict[int, str]:
    """Main place of each contact as one line: organization and department; one query."""
    rows = Contact.objects.filter(pk__in=list(contact_ids)).select_related("main_node__parent")
    return {row.pk: place_of(row) for row in rows}


def place_of(contact: Contact) -> str:
    """“苏州恒拓 · 采购部”: the main node below the one above it, the dimension left out."""
    node = contact.main_node
    parent = node.parent
    names = [parent.name] if parent is not None and parent.kind else []
    return " · ".join([*names, node.name])
