"""The one rule: which app is open to whom, and where (SPEC POR-2, POR-3).

Menu, tiles, the gate, counts and the preview all ask here. An app is open that is enabled, has something behind it, and
is open by default or to a place, category or contact that the person has; an exclusion beats every opening. A category
is had by one's own contact or through an organization at or above one of one's places. Places that are disabled open
nothing, but go on excluding. Desktop and phone are told apart for the menu; the server admits where either is open.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from core.fetching import fetch

# Every line of an app that concerns one of `people`.
MATCHES: Final = """
    SELECT o.*, p.id AS person_id FROM people p JOIN portal_appopening o ON o.contact_id = p.id
  UNION ALL
    SELECT o.*, p.id FROM people p JOIN portal_appopening o ON o.category_id = p.category_id
  UNION ALL
    SELECT o.*, p.id FROM people p JOIN contacts_contactscope s ON s.contact_id = p.id
    JOIN portal_appopening o ON o.node_id = s.node_id WHERE s.live OR o.exclude
  UNION ALL
    SELECT o.*, p.id FROM people p JOIN contacts_contactscope s ON s.contact_id = p.id
    JOIN orgs_organizationdetail d ON d.node_id = s.node_id
    JOIN portal_appopening o ON o.category_id = d.category_id WHERE s.live OR o.exclude
"""
ONE: Final = """
SELECT c.id, c.category_id FROM contacts_contact c WHERE c.id = %(contact)s AND c.deleted_at IS NULL
"""
# As contacts.permissions.active_identities: who can act as somebody now.
USABLE: Final = """
SELECT c.id, c.category_id FROM contacts_contact c WHERE c.live AND c.deleted_at IS NULL AND c.account = 'active'
AND (c.expires_at IS NULL OR c.expires_at > now())
"""
RULE: Final = f"""
SELECT r.app_id, r.key, r.person_id, r.desktop, r.phone FROM (
    SELECT a.id AS app_id, a.key, p.id AS person_id,
           a.desktop AND (a.open_by_default OR coalesce(m.desktop, false)) AS desktop,
           a.phone AND (a.open_by_default OR coalesce(m.phone, false)) AS phone
    FROM portal_app a CROSS JOIN people p
    LEFT JOIN (SELECT x.app_id, x.person_id, bool_or(x.exclude) AS excluded,
                      bool_or(x.desktop AND NOT x.exclude) AS desktop, bool_or(x.phone AND NOT x.exclude) AS phone
               FROM ({MATCHES}) AS x GROUP BY x.app_id, x.person_id) AS m ON m.app_id = a.id AND m.person_id = p.id
    WHERE a.enabled AND CASE a.kind WHEN 'builtin' THEN a.url_name ELSE a.address END <> ''
      AND NOT coalesce(m.excluded, false)) AS r
WHERE r.desktop OR r.phone
"""  # noqa: S608  constants
OF_ONE: Final = f"WITH people AS ({ONE}) {RULE}"
COUNT: Final = f"""
WITH people AS ({USABLE}) SELECT count(*), count(*) FILTER (WHERE q.desktop), count(*) FILTER (WHERE q.phone)
FROM ({RULE}) AS q WHERE q.app_id = %(app)s
"""  # noqa: S608  constants
WHY: Final = (
    f"WITH people AS ({ONE}) SELECT DISTINCT x.id FROM ({MATCHES}) AS x WHERE x.app_id = %(app)s"  # noqa: S608
)


class Surface(NamedTuple):
    """Where an app is open; never nowhere."""

    app_id: int
    desktop: bool
    phone: bool


class People(NamedTuple):
    """How many people with a usable account have an app: anywhere, on desktops, on phones."""

    total: int
    desktop: int
    phone: int


def open_to(contact_id: int) -> dict[str, Surface]:
    """The apps that are open to a contact, by key; one query. Whether he can log in is asked elsewhere."""
    rows = fetch(OF_ONE, {"contact": contact_id})
    return {key: Surface(app_id, desktop, phone) for app_id, key, _person, desktop, phone in rows}


def count(app_id: int) -> People:
    """For how many an app is open; one query over everybody with an account, for the back office."""
    row: Any = fetch(COUNT, {"app": app_id})[0]
    return People(*row)


def concerning(app_id: int, contact_id: int) -> set[int]:
    """Ids of the lines of an app that concern a contact; one query."""
    return {pk for (pk,) in fetch(WHY, {"app": app_id, "contact": contact_id})}
