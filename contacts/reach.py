"""Who may find and write to whom, answered to messages (SPEC IM-2, VIS-4; setting IM_REACH_POLICY).

Staff see external people by the one rule (contacts/permissions.py), and all active staff. External people see only
the staff in 权限设置 of the active identity or in the visible staff of a node at or above one of its memberships; never
each other.
"""

from collections.abc import Iterable, Sequence

from django.db.models import OuterRef, Q, Subquery

from accounts.models import DepartmentMembership, User
from accounts.querysets import UserQuerySet
from accounts.selectors import search_staff
from contacts.accounts_hooks import usable_identities
from contacts.models import Contact, ContactScope, ContactVisibleStaff
from contacts.permissions import (
    Chosen,
    Role,
    active_identities,
    identity_of,
    role_on,
    seen_by_any,
    viewer_of,
)
from contacts.querysets import Filters
from contacts.search import search as search_contacts
from contacts.selectors.places import places_of
from core.fetching import fetch
from core.text import fold, parse_query, range_end, simplified
from im.reach import Card, Circle, Party, Target
from orgs.models import NodeVisibleStaff

CANDIDATES = 200
ORGANIZATIONS = """
SELECT c.id, (SELECT o.id FROM orgs_node o WHERE o.kind = 1 AND o.id = ANY(string_to_array(n.path, '.', '')::bigint[])
              ORDER BY length(o.path) DESC LIMIT 1)
FROM contacts_contact c JOIN orgs_node n ON n.id = c.main_node_id WHERE c.id = ANY(%(ids)s::bigint[])
"""


def staff_seen_by(identity_id: int) -> UserQuerySet:
    """The staff that an external identity may see (VIS-4). Whether it is usable is asked elsewhere."""
    nodes = ContactScope.objects.filter(contact_id=identity_id).values("node_id")
    own = ContactVisibleStaff.objects.filter(contact_id=identity_id)
    inherited = NodeVisibleStaff.objects.filter(node_id__in=nodes)
    people, groups = Q(pk__in=[]), Q(pk__in=[])
    for rows in (own, inherited):
        people |= Q(pk__in=rows.filter(user__isnull=False).values("user_id"))
        groups |= Q(group_id__in=rows.filter(group__isnull=False).values("group_id"))
    members = User.groups.through.objects.filter(groups).values("user_id")
    staff: UserQuerySet = User.objects.active().staff().filter(people | Q(pk__in=members))
    return staff


def staff_visible_to(identity_id: int, q: str = "", limit: int = 50) -> list[User]:
    """我的联络人: staff this identity may see, by name, pinyin or initials, in order of pinyin; one query.

    Only names are searched: nothing else of staff is shown to external people (SECURITY T10, T14).
    """
    rows = staff_seen_by(identity_id).filter(_named(q)).order_by("sort_key", "pk")
    return list(rows[:limit])


def _named(q: str) -> Q:
    text = " ".join(q.split())[:100]
    if not text:
        return Q()
    plain = "".join(fold(text).split())
    found = Q(simplified__icontains=simplified(text))
    if plain:
        found |= Q(initials__startswith=plain[:40])
    query = parse_query(text)
    if query and query.sort_prefix and not query.recheck:
        key = query.sort_prefix
        found |= Q(sort_key__gte=key, sort_key__lt=range_end(key))
    return found


class DirectoryReach:
    """The ReachPolicy of the directory. Nothing is kept between questions (T12)."""

    def may_start(self, a: Party, b: Party) -> bool:
        """`a` sees `b`, and both may log in."""
        return b in self.reachable(a, [b])

    def reachable(self, a: Party, others: Iterable[Party]) -> set[Party]:
        """The same for many; at most two queries."""
        wanted = {party for party in others if party.user_id != a.user_id}
        staff = {party.user_id for party in wanted if party.identity_id is None}
        if a.identity_id is not None:
            seen = staff_seen_by(a.identity_id).filter(pk__in=staff) if _usable(a) else []
            return {Party(user.pk) for user in seen}
        there = User.objects.active().staff().filter(pk__in={a.user_id, *staff})
        known = set(there.values_list("pk", flat=True))
        if a.user_id not in known:
            return set()
        external = _usable_of(party for party in wanted if party.identity_id is not None)
        found = seen_by_any([[a.user_id]], [_identities_of(external)])
        seen_ids = {pk for _place, pk in found}
        return {Party(pk) for pk in known & staff} | {
            party for party in external if party.identity_id in seen_ids
        }

    def organizations_of(self, parties: Iterable[Party]) -> dict[Party, int]:
        """The nearest organization at or above the main place; who has none has a number of his own. One query."""
        wanted = [party for party in parties if party.identity_id is not None]
        rows = fetch(ORGANIZATIONS, {"ids": sorted(_identities_of(wanted))}) if wanted else []
        found = {pk: organization or -pk for pk, organization in rows}
        return {party: found[party.identity_id] for party in wanted if party.identity_id in found}

    def taking_part(self, circles: Sequence[Circle]) -> list[set[Party]]:
        """Usable, of the group's organization, seen by somebody of its staff (SPEC IM-2); three queries."""
        usable = _usable_of(party for circle in circles for party in circle.external)
        organizations = self.organizations_of(usable)
        inside = [
            {
                party
                for party in circle.external
                if organizations.get(party) == circle.organization_id
            }
            & usable
            for circle in circles
        ]
        seen = seen_by_any(
            [circle.staff for circle in circles], [_identities_of(one) for one in inside]
        )
        return [
            {party for party in one if (place, party.identity_id) in seen}
            for place, one in enumerate(inside)
        ]

    def may_write(self, a: Party, b: Party) -> bool:
        """Either sees the other."""
        return self._sees(a, b) or self._sees(b, a)

    def _sees(self, a: Party, b: Party) -> bool:
        if a.user_id == b.user_id:
            return False
        if a.identity_id is not None:
            return b.identity_id is None and _external_sees(a, b.user_id)
        staff = {party.user_id for party in (a, b) if party.identity_id is None}
        there = User.objects.active().staff().in_bulk(staff)
        viewer = there.get(a.user_id)
        if viewer is None:
            return False
        if b.identity_id is None:
            return b.user_id in there
        held = Contact.objects.alive().filter(pk=b.identity_id, user_id=b.user_id)
        return held.exists() and role_on(viewer_of(viewer), b.identity_id) > Role.NONE

    def search(self, a: Party, q: str, limit: int) -> list[Target]:
        """External people first (they are what staff come for), then colleagues; for external people visible staff."""
        if a.identity_id is not None:
            seen = staff_visible_to(a.identity_id, q, limit) if _usable(a) else []
            return self._targets([Party(user.pk) for user in seen])
        user = User.objects.active().staff().filter(pk=a.user_id).first()
        if user is None:
            return []
        people = self._identities(user, q, limit)
        staff = [Party(one.pk) for one in search_staff(q, limit + 1) if one.pk != user.pk]
        return self._targets([*people[: max(limit - len(staff), limit // 2)], *staff][:limit])

    def _identities(self, user: User, q: str, limit: int) -> list[Party]:
        viewer = viewer_of(user)
        if q.strip():
            ids = search_contacts(viewer, q, limit=CANDIDATES).ids
        else:
            ids = Contact.objects.page_for(
                viewer, filters=Filters(account="active"), size=limit
            ).ids
        rows = usable_identities().filter(pk__in=ids, user__is_active=True)
        logins = dict(rows.values_list("pk", "user_id"))
        return [Party(logins[pk], pk) for pk in ids if pk in logins][:limit]

    def _targets(self, parties: list[Party]) -> list[Target]:
        cards = self.labels(parties)
        return [
            Target(party, cards[party].name, cards[party].line, cards[party].external)
            for party in parties
            if party in cards
        ]

    def identity_of(self, user: User) -> int | None:
        """The active identity of an external person."""
        return identity_of(user)

    def parties_of(self, user: User) -> list[Party]:
        """Staff by login, external people once for each usable identity."""
        if not user.is_external:
            return [Party(user.pk)]
        ids = usable_identities().filter(user=user).order_by("pk").values_list("pk", flat=True)
        return [Party(user.pk, pk) for pk in ids]

    def identities_of(self, chosen: Iterable[Chosen]) -> dict[Chosen, int]:
        """The same for many logins, each with what its session has chosen, in one query."""
        return active_identities(chosen)

    def labels(self, parties: Iterable[Party]) -> dict[Party, Card]:
        """Names with the main department of staff and the organization of external people; three queries."""
        wanted = set(parties)
        people = {party.user_id for party in wanted if party.identity_id is None}
        identities = {party.identity_id for party in wanted if party.identity_id is not None}
        main = DepartmentMembership.objects.filter(user_id=OuterRef("pk"), is_main=True)
        place = Subquery(main.values("department__name")[:1])
        rows_of_staff = User.objects.filter(pk__in=people).values_list("pk", "name", place)
        cards = {Party(pk): Card(name, line or "") for pk, name, line in rows_of_staff}
        contacts = Contact.objects.filter(pk__in=identities).select_related("main_node")
        rows = list(contacts)
        lines = places_of(row.main_node for row in rows)
        by_id = {
            row.pk: Card(row.name, lines[row.main_node_id].line, external=True) for row in rows
        }
        for party in wanted:
            if party.identity_id in by_id:
                cards[party] = by_id[party.identity_id]
        return cards


def _identities_of(parties: Iterable[Party]) -> set[int]:
    return {party.identity_id for party in parties if party.identity_id is not None}


def _usable_of(parties: Iterable[Party]) -> set[Party]:
    """Those whose identity is theirs and can be acted as now."""
    wanted = {party for party in parties if party.identity_id is not None}
    if not wanted:
        return set()
    rows = usable_identities().filter(pk__in=_identities_of(wanted), user__is_active=True)
    return wanted & {Party(user_id, pk) for user_id, pk in rows.values_list("user_id", "pk")}


def _usable(party: Party) -> bool:
    return bool(_usable_of([party]))


def _external_sees(a: Party, user_id: int) -> bool:
    if a.identity_id is None or not _usable(a):
        return False
    return bool(staff_seen_by(a.identity_id).filter(pk=user_id).exists())
