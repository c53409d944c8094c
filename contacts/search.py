"""Search over what a viewer sees: name and pinyin prefix, then words inside, then organizations (SPEC VIS-2).

Filter before matching and counting (SECURITY T10): every step is a query over the branches of the rule.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from contacts import branches
from contacts.branches import Cut
from contacts.permissions import Viewer
from core.reading import simplified
from core.searching import Query, parse_query
from orgs.models import Node

WORD_CAP = 500
ORGANIZATION_CAP = 200
# Candidates from one GIN scan over (words, anc, live_anc), cut before the sort so that wide words stay cheap. The cut
# stands outside of the fence: a LIMIT beside the condition lets the planner hope to end a whole-table scan early.
WORDS = "SELECT t.contact_id FROM contacts_contactsearch t WHERE t.words @@ %({words})s::tsquery {scope}"
NAMED_NODES = """
SELECT n.id, n.path, n.dimension_id FROM orgs_node n
WHERE (n.name ILIKE %(like)s
       OR (%(latin)s <> '' AND (n.sort_key LIKE %(latin_like)s OR n.initials LIKE %(latin_like)s)))
  {scope} ORDER BY n.path LIMIT %(cap)s
"""


@dataclass(frozen=True, slots=True)
class Hits:
    """Ids in display order. `capped`: there are more than could be looked at; the page says "refine"."""

    ids: list[int]
    capped: bool = False


def search(viewer: Viewer, q: str, *, node: Node | None = None, limit: int = 50) -> Hits:
    """Contacts that `viewer` sees and that match `q`, best step first; at most four queries, nothing for a short `q`.

    Minimum: one Chinese character, two Latin letters or three digits.
    """
    query = parse_query(q)
    if query is None or viewer.nothing or viewer.identity_id is not None:
        return Hits([])
    found: dict[int, None] = {}
    capped = False
    if query.sort_prefix:
        found |= dict.fromkeys(_by_prefix(viewer, query, node, limit))
    if len(found) <= limit:
        ids, capped = _by_words(viewer, query, node, limit)
        found |= dict.fromkeys(ids)
    if len(found) <= limit and query.kind in {"han", "latin", "mixed"}:
        found |= dict.fromkeys(_by_organization(viewer, q, query, node, limit))
    ids = list(found)
    return Hits(ids[:limit], capped=capped or len(ids) > limit)


def _by_prefix(viewer: Viewer, query: Query, node: Node | None, limit: int) -> list[int]:
    """Names that begin with the query: order and filter are the same index."""
    cut = Cut(prefix=query.sort_prefix or "", limit=limit + 1)
    if query.recheck:
        cut.conditions.append("c.simplified LIKE %(recheck)s")
        cut.parameters["recheck"] = f"%{_like(query.recheck)}%"
    return _ordered(*branches.union(viewer, cut, node), limit)


def _by_words(
    viewer: Viewer, query: Query, node: Node | None, limit: int
) -> tuple[list[int], bool]:
    """Words inside the name, pinyin, initials, code and the shown digits of the mobile."""
    scopes, parameters = _word_scopes(viewer, whole=bool(query.exact_terms))
    parameters |= {"words": query.tsquery, "shown": query.shown_tsquery, "cap": WORD_CAP + 1}
    parts = [WORDS.format(words=key, scope=scope) for key, scope in scopes if parameters[key]]
    if not parts:
        return [], False
    fences = ", ".join(f"b{n} AS MATERIALIZED ({part})" for n, part in enumerate(parts))
    candidates = " UNION ".join(
        f"(SELECT contact_id FROM b{n} LIMIT %(cap)s)" for n in range(len(parts))
    )
    under = ""
    if node is not None:
        under = "JOIN contacts_contactscope u ON u.contact_id = c.id AND u.node_id = %(under)s"
        under += "" if viewer.scope.maintains(node.dimension_id) else " AND u.live"
        parameters["under"] = node.pk
    recheck = ""
    if query.recheck:
        recheck = "AND c.simplified LIKE %(recheck)s"
        parameters["recheck"] = f"%{_like(query.recheck)}%"
    rows = _fetch(
        f"WITH {fences}, hits AS MATERIALIZED ({candidates}) SELECT c.id, (SELECT count(*) FROM hits)"
        # LIMIT 1 keeps it at one probe for each hit; estimates of prefix words are too poor to choose by.
        " FROM hits CROSS JOIN LATERAL (SELECT x.id, x.sort_key, x.simplified FROM contacts_contact x"
        f" WHERE x.id = hits.contact_id LIMIT 1) AS c {under} WHERE true {recheck}"
        " ORDER BY c.sort_key, c.id LIMIT %(limit)s",
        parameters | {"limit": limit + 1},
    )
    return [row[0] for row in rows], bool(rows) and rows[0][1] > WORD_CAP


def _word_scopes(viewer: Viewer, *, whole: bool) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """(what is asked, condition) per way a contact reaches the viewer.

    A `whole` number or address finds only whom the viewer may read unmasked: by equality others could be guessed,
    four digits at a time and unlogged (SPEC CON-7, SECURITY T08). Of these only the shown part is asked for.
    """
    if viewer.everything:
        return [("words", "")], {}
    scopes = []
    if viewer.scope.maintained:
        scopes.append(("words", "AND t.anc && %(maintained)s::bigint[]"))
    shown = "shown" if whole else "words"
    if viewer.scope.ranges:
        scopes.append((shown, "AND t.live_anc && %(ranges)s::bigint[]"))
    scopes.append((shown, f"AND t.contact_id IN ({branches.personal_ids(viewer)})"))
    if whole:
        own = branches.personal_ids(viewer, editing=True)
        scopes.append(("words", f"AND t.contact_id IN ({own})"))
    return scopes, {
        "maintained": list(viewer.scope.maintained), "ranges": list(viewer.scope.ranges),
        "user": viewer.user_id, "groups": list(viewer.groups),
    }  # fmt: skip


def _by_organization(
    viewer: Viewer, q: str, query: Query, node: Node | None, limit: int
) -> list[int]:
    """People of the organizations and departments whose name matches; the nodes first, then one page of each."""
    named = parse_query(q, surname=False)
    latin = (named.sort_prefix or "") if named and query.kind == "latin" else ""
    parameters: dict[str, Any] = {
        "like": f"%{_like(simplified(q.strip()))}%", "latin": latin, "latin_like": f"{_like(latin)}%",
        "cap": ORGANIZATION_CAP,
    }  # fmt: skip
    scope = ""
    if not viewer.everything:
        parameters |= {
            "maintained": list(viewer.scope.maintained),
            "below": [f"{path}%" for path in viewer.scope.paths],
            "above": [int(part) for path in viewer.scope.paths for part in path.split(".") if part],
        }
        scope = (
            "AND (n.dimension_id = ANY(%(maintained)s::bigint[]) OR n.path LIKE ANY(%(below)s::text[])"
            " OR n.id = ANY(%(above)s::bigint[]))"
        )
    if node is not None:
        scope += " AND n.path LIKE %(under)s"
        parameters["under"] = f"{node.path}%"
    rows = _fetch(NAMED_NODES.format(scope=scope), parameters)
    if not rows:
        return []
    every, live = _node_sets(viewer, rows)
    return _ordered(*_node_union(every, live, limit), limit)


def _node_sets(viewer: Viewer, rows: list[Any]) -> tuple[list[int], list[int]]:
    """(nodes all of whose contacts count, nodes of which live ones count) for the matched nodes."""
    every, live = set(), set()
    for node_id, path, dimension_id in rows:
        if viewer.scope.maintains(dimension_id):
            every.add(node_id)
        elif viewer.scope.ranges_over(path):
            live.add(node_id)
        else:
            pairs = zip(viewer.scope.ranges, viewer.scope.paths, strict=True)
            live |= {pk for pk, below in pairs if below.startswith(path)}
    return sorted(every), sorted(live)


def _node_union(every: list[int], live: list[int], limit: int) -> tuple[str, dict[str, Any]]:
    cut = Cut(limit=limit + 1)
    parts, parameters = [], {}
    for number, (nodes, only_live) in enumerate(((every, False), (live, True))):
        if nodes:
            parts.append(f"({branches.nodes_sql(cut, number=number, live=only_live)})")
            parameters[f"nodes_{number}"] = nodes
    return " UNION ".join(parts), parameters


def _ordered(sql: str, parameters: dict[str, Any], limit: int) -> list[int]:
    if not sql:
        return []
    rows = _fetch(
        f"SELECT contact_id FROM ({sql}) AS hits ORDER BY sort_key, contact_id LIMIT {int(limit) + 1}",
        parameters,
    )
    return [row[0] for row in rows]


def _fetch(sql: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[Any] = cursor.fetchall()
    return rows


def _like(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
