"""Reads on people, internal departments, sessions and first credentials."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import permissions, throttle
from accounts.mfa import FACTORS, has_factor
from accounts.models import (
    Consent,
    Department,
    InitialSecret,
    LoginPolicy,
    PrivacyNotice,
    Session,
    User,
)
from core.errors import Invalid
from core.fetching import instance
from core.models import AuditEntry
from core.text import fold, parse_query, range_end, simplified


def _name_matches(q: str, *, surname: bool) -> Q | None:
    """Rows whose name, pinyin or initials begin with or contain `q`; None when nothing is asked."""
    text = " ".join(q.split())[:100]
    if not text:
        return None
    plain = "".join(fold(text).split())
    found = Q(simplified__icontains=simplified(text))
    if plain:
        found |= Q(initials__startswith=plain[:40])
    query = parse_query(text, surname=surname)
    if query and query.sort_prefix:
        key = query.sort_prefix
        by_pinyin = Q(sort_key__gte=key, sort_key__lt=range_end(key))
        if query.recheck:
            by_pinyin &= Q(simplified__icontains=query.recheck)
        found |= by_pinyin
    return found


def search_staff(q: str, limit: int = 20) -> list[User]:
    """Active staff by name, pinyin, initials or login name, in order of pinyin. Every staff member sees all of
    them (SPEC IM-2); the caller makes sure that no external person asks. An empty `q` gives the first ones.
    """
    rows = User.objects.active().staff()
    found = _name_matches(q, surname=True)
    if found is not None:
        rows = rows.filter(found | Q(username__istartswith=q.strip()[:64]))
    return list(rows.order_by("sort_key", "id")[:limit])


def search_departments(q: str, limit: int = 20) -> list[Department]:
    """Internal departments by name, pinyin or initials, each with `people`, the number of active people in it and
    below.
    """
    rows = Department.objects.select_related("parent")
    found = _name_matches(q, surname=False)
    if found is not None:
        rows = rows.filter(found)
    return list(with_people(rows).order_by("order", "sort_key", "id")[:limit])


def with_people(rows: QuerySet[Department]) -> QuerySet[Department]:
    """Adds `people`: active people in the department and below."""
    return rows.annotate(people=Count("group__user", filter=Q(group__user__is_active=True)))


def staff_list(
    *, q: str = "", state: str = "", member_of: Department | None = None
) -> QuerySet[User]:
    """Staff for the back office (administrators only), newest filters applied, ordered by pinyin.

    `state`: "active", "disabled", "admin", "holder" or empty. `member_of`: its direct members.
    """
    rows: QuerySet[User] = User.objects.staff()
    found = _name_matches(q, surname=True)
    if found is not None:
        rows = rows.filter(found | Q(username__istartswith=q.strip()[:64]))
    states = {
        "active": Q(is_active=True),
        "disabled": Q(is_active=False),
        "admin": Q(is_superuser=True),
        "holder": Q(is_holder=True),
    }
    if state in states:
        rows = rows.filter(states[state])
    if member_of is not None:
        rows = rows.filter(department_memberships__department=member_of)
    return rows.order_by("sort_key", "id").prefetch_related("department_memberships__department")


@dataclass(slots=True)
class Branch:
    """A department with the ones below it."""

    department: Department
    level: int
    people: int
    children: list[Branch]


def department_tree() -> list[Branch]:
    """All internal departments as a forest, in two queries."""
    rows = list(with_people(Department.objects.all()).order_by("order", "sort_key", "id"))
    below: dict[int | None, list[Department]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)

    def branch(row: Department, level: int) -> Branch:
        children = [branch(child, level + 1) for child in below.get(row.pk, [])]
        return Branch(row, level, int(getattr(row, "people", 0)), children)

    return [branch(row, 1) for row in below.get(None, [])]


def flat(branches: Iterable[Branch]) -> list[Branch]:
    """The forest in reading order."""
    found: list[Branch] = []
    for branch in branches:
        found += [branch, *flat(branch.children)]
    return found


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A log-in as its owner sees it. `ref` names it without being usable as a key."""

    ref: str
    current: bool
    ip: str
    user_agent: str
    created_at: datetime.datetime
    seen_at: datetime.datetime

    @property
    def device(self) -> str:
        """Browser and system in words people know; "" when they say nothing we know."""
        browser = next((name for mark, name in BROWSERS if mark in self.user_agent), "")
        system = next((name for mark, name in SYSTEMS if mark in self.user_agent), "")
        return " · ".join(part for part in (browser, system) if part)


# The first mark that occurs decides: browsers name their ancestors too.
BROWSERS = (
    ("wxwork", "WeCom"), ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"),
    ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def session_ref(key: str) -> str:
    """Short name of a session that gives nothing away."""
    return hashlib.sha256(f"accounts.session:{key}".encode()).hexdigest()[:24]


def sessions_of(user: User, *, current_key: str | None = None) -> list[OpenSession]:
    """Live sessions of a person, the one in use first."""
    rows = Session.objects.filter(user_id=user.pk, expire_date__gt=timezone.now()).order_by(
        "-seen_at"
    )
    found = [
        OpenSession(
            session_ref(row.session_key), row.session_key == current_key,
            row.ip, row.user_agent, row.created_at, row.seen_at,
        )
        for row in rows[:200]
    ]  # fmt: skip
    return sorted(found, key=lambda session: not session.current)


def logged_in(user: User) -> bool:
    """Whether anything would end if all log-ins of a person were ended; one query."""
    return Session.objects.filter(user_id=user.pk, expire_date__gt=timezone.now()).exists()


def login_policy() -> LoginPolicy:
    """Who must have a second factor; one query."""
    row = instance(LoginPolicy, "id = 1", [])
    return row or LoginPolicy(
        admins=settings.SECOND_FACTOR_REQUIRED, holders=settings.SECOND_FACTOR_REQUIRED
    )


def factor_due(user: User) -> bool:
    """Whether this person must set up a second factor before anything else; no query for the person of a request of
    whom nobody asks for it.
    """
    return (user.login_policy or login_policy()).asks(user) and not has_factor(user)


def without_factor() -> dict[str, int]:
    """How many active people of each group of the policy have no second factor yet; one query."""
    factor = Authenticator.objects.filter(user_id=OuterRef("pk"), type__in=FACTORS)
    rows = User.objects.active().filter(~Exists(factor))
    staff = Q(kind=User.Kind.STAFF)
    found: dict[str, int] = rows.aggregate(
        admins=Count("pk", filter=Q(is_superuser=True)),
        holders=Count("pk", filter=Q(is_holder=True)),
        staff=Count("pk", filter=staff),
        external=Count("pk", filter=~staff),
    )
    return found


# What stands in the history of one's own login.
OWN_ACTS = (
    "session.start", "session.end", "session.end_all", "session.identity", "login.identity_add", "login.address",
    "password.change", "password.reset_ask", "password.reset", "login.activate",
    "second_factor.totp.add", "second_factor.totp.remove", "second_factor.passkey.add",
    "second_factor.passkey.remove", "second_factor.passkey.rename", "second_factor.codes", "second_factor.reset",
    "sso.link", "sso.unlink", "login.wecom_link", "login.wecom_unlink",
)  # fmt: skip


def login_history(user: User, *, limit: int = 50) -> list[AuditEntry]:
    """What happened to one's own login: log-ins with their source, changes of how one logs in; newest first."""
    rows = AuditEntry.objects.filter(
        object_type=user._meta.label_lower, object_id=str(user.pk), action__in=OWN_ACTS
    )
    return list(rows.order_by("-id")[:limit])


def newest_notice() -> PrivacyNotice | None:
    """The privacy notice in force, if there is one."""
    return PrivacyNotice.objects.order_by("-version").first()


def notice_to_accept(user: User) -> PrivacyNotice | None:
    """The newest notice when this external person has not accepted it (SPEC POR-5); one query."""
    accepted = Consent.objects.filter(user=user, notice=OuterRef("pk"))
    notice = PrivacyNotice.objects.annotate(accepted=Exists(accepted)).order_by("-version").first()
    return notice if notice is not None and not notice.accepted else None


def locked_until(users: Sequence[User]) -> dict[int, datetime.datetime]:
    """Ids of those whose login is locked for a while (state 已锁定), and until when; one query."""
    locked = throttle.locked_until(user.username for user in users)
    return {user.pk: locked[user.username] for user in users if user.username in locked}


# SQL: whether any login is locked now, known to the product or not. Lists that show many people ask this first.
ANYBODY_LOCKED = throttle.ANY_LOCKED


def locked_names(usernames: Sequence[str]) -> set[str]:
    """Those login names that are locked for a while; one query, none for nobody."""
    return set(throttle.locked_until(usernames)) if usernames else set()


@dataclass(frozen=True, slots=True)
class Issue:
    """Where the first credentials of a login stand, for one of those who may read them.

    `state`: "preparing", "sent" (activation link, to `address`), "ready" (may be shown once), "shown", "expired" or
    "revoked" (replaced, or no longer needed).
    """

    issue_key: str
    user: User
    state: str
    shown_by: str = ""
    shown_at: datetime.datetime | None = None
    expires_at: datetime.datetime | None = None
    address: str = ""


def _issue(secret: InitialSecret) -> Issue:
    user = secret.user
    return Issue(
        issue_key=secret.issue_key,
        user=user,
        state=_issue_state(secret),
        shown_by=secret.revealed_by_label,
        shown_at=secret.revealed_at,
        expires_at=secret.expires_at,
        address=user.mobile if secret.channel == InitialSecret.Channel.SMS else user.email,
    )


def _issue_state(secret: InitialSecret) -> str:
    if secret.revealed_at:
        return "shown"
    if secret.revoked_at:
        return "revoked"
    if not secret.issued_at:
        return "preparing"
    if secret.expires_at and secret.expires_at <= timezone.now():
        return "expired"
    return "sent" if secret.channel in InitialSecret.SENT else "ready"


def issue_for_reader(*, issue_key: str, reader: User) -> Issue | None:
    """The issue of this business key for a reader of it who may still read it, else None (matrix row 40)."""
    rows = InitialSecret.objects.filter(issue_key=issue_key, readers=reader)
    row = rows.select_related("user").first()
    return _issue(row) if row and permissions.may_read_credentials(reader, row.user) else None


def latest_issue(*, user: User, reader: User) -> Issue | None:
    """The newest issue for `user` that `reader` may read, else None."""
    rows = InitialSecret.objects.filter(user=user, readers=reader).select_related("user")
    row = rows.order_by("-id").first()
    return _issue(row) if row else None


@dataclass(frozen=True, slots=True)
class Picked:
    """What a chooser with kind=both sent."""

    users: list[User]
    departments: list[Department]


def picked(values: Iterable[str]) -> Picked:
    """Active staff ("p12") and departments ("d5") named by a chooser.

    Raises Invalid when one of them is malformed or no longer there: nothing is left out silently.
    """
    wanted = list(dict.fromkeys(values))
    ids: dict[str, list[int]] = {"p": [], "d": []}
    for value in wanted:
        if value[:1] not in ids or not value[1:].isdecimal() or len(value) > 19:
            raise Invalid(
                _("One of the chosen people or departments is no longer there; please choose again")
            )
        ids[value[0]].append(int(value[1:]))
    users = list(User.objects.active().staff().filter(pk__in=ids["p"]).order_by("sort_key", "id"))
    departments = list(Department.objects.filter(pk__in=ids["d"]).select_related("group"))
    if len(users) + len(departments) != len(wanted):
        raise Invalid(
            _("One of the chosen people or departments is no longer there; please choose again")
        )
    return Picked(users, departments)
