"""Search over what a viewer sees: name and pinyin prefix, then words inside, then organizations (SPEC VIS-2).

Filter before matching and counting (SECURITY T10): every step is a query over the branches of the rule.
"""

from dataclasses import dataclass
from typing import Any

from contacts import branches
from contacts.branches import Cut
from contacts.permissions import Viewer
from core.fetching import fetch
from core.reading import simplified
from core.searching import Query, parse_query
from orgs.models import Node

WORD_CAP = 500
ORGANIZATION_CAP = 200
# Candidates from one GIN scan over (words, anc, live_anc), cut before the sort so that wide words stay cheap. The cut
# stands outside of the fence: a LIMIT beside the condition lets the planner hope to end a whole-table scan early.
WORDS = "SELECT t.contact_id FROM contacts_contactsearch t WHERE t.words @@ %({words})s::tsquery {scope}"
# Nodes by name. There is no index for a part of a name: everybody but administrators reads only the nodes in his scope,
# range by range of the path.
NAMED = """
n.name {like} %(like)s OR (%(latin)s <> '' AND (n.sort_key LIKE %(latin_like)s OR n.initials LIKE %(latin_like)s))
"""
EVERY_NODE = "SELECT n.id, n.path, n.dimension_id FROM orgs_node n WHERE ({named}) {under}"
MY_NODES = """
SELECT n.id, n.path, n.dimension_id FROM unnest(%(firsts)s::text[], %(ends)s::text[]) AS r(first, past)
CROSS JOIN LATERAL (SELECT n.* FROM orgs_node n WHERE n.path >= r.first AND n.path < r.past OFFSET 0) AS n
WHERE ({named}) {under}
UNION SELECT n.id, n.path, n.dimension_id FROM orgs_node n WHERE n.id = ANY(%(above)s::bigint[]) AND ({named}) {under}
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
        ids, more_places = _by_organization(viewer, q, query, node, limit)
        found |= dict.fromkeys(ids)
        capped = capped or more_places
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
    if node is not None:
        below = "anc" if viewer.scope.maintains(node.dimension_id) else "live_anc"
        scopes = [
            (key, f"{scope} AND t.{below} @> ARRAY[%(under)s]::bigint[]") for key, scope in scopes
        ]
        parameters["under"] = node.pk
    parameters |= {"words": query.tsquery, "shown": query.shown_tsquery, "cap": WORD_CAP + 1}
    parts = [WORDS.format(words=key, scope=scope) for key, scope in scopes if parameters[key]]
    if not parts:
        return [], False
    fences = ", ".join(f"b{n} AS MATERIALIZED ({part})" for n, part in enumerate(parts))
    candidates = " UNION ".join(
        f"(SELECT contact_id FROM b{n} LIMIT %(cap)s)" for n in range(len(parts))
    )
    recheck = ""
    if query.recheck:
        recheck = "WHERE c.simplified LIKE %(recheck)s"
        parameters["recheck"] = f"%{_like(query.recheck)}%"
    rows = fetch(
        f"WITH {fences}, hits AS MATERIALIZED ({candidates}), page AS (SELECT c.id, c.sort_key"
        # LIMIT 1 keeps it at one probe for each hit; estimates of prefix words are too poor to choose by.
        " FROM hits CROSS JOIN LATERAL (SELECT x.id, x.sort_key, x.simplified FROM contacts_contact x"
        f" WHERE x.id = hits.contact_id LIMIT 1) AS c {recheck} ORDER BY c.sort_key, c.id LIMIT %(limit)s)"
        " SELECT (SELECT count(*) FROM hits), array_agg(id ORDER BY sort_key, id) FROM page",
        parameters | {"limit": limit + 1},
    )
    candidates_found, ids = rows[0]
    return ids or [], candidates_found > WORD_CAP


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
) -> tuple[list[int], bool]:
    """People of the organizations and departments whose name matches, and whether more nodes match than were looked at.

    The nodes first, then one page of each.
    """
    named = parse_query(q, surname=False)
    latin = (named.sort_prefix or "") if named and query.kind == "latin" else ""
    like = simplified(q.strip())
    parameters: dict[str, Any] = {
        "like": f"%{_like(like)}%", "latin": latin, "latin_like": f"{_like(latin)}%",
        "cap": ORGANIZATION_CAP + 1,
    }  # fmt: skip
    if not viewer.everything:
        starts = [*(f"{pk}." for pk in viewer.scope.maintained), *viewer.scope.paths]
        parameters |= {
            "firsts": starts, "ends": [f"{start[:-1]}/" for start in starts],
            "above": [int(part) for path in viewer.scope.paths for part in path.split(".") if part],
        }  # fmt: skip
    under = ""
    if node is not None:
        under = "AND n.path LIKE %(under)s"
        parameters["under"] = f"{node.path}%"
    # ILIKE takes several times as long, and Chinese has no capitals.
    named_so = NAMED.format(like="LIKE" if like.lower() == like.upper() else "ILIKE")
    nodes = (EVERY_NODE if viewer.everything else MY_NODES).format(named=named_so, under=under)
    rows = fetch(f"SELECT * FROM ({nodes}) AS found ORDER BY path LIMIT %(cap)s", parameters)
    every, live = _node_sets(viewer, rows[:ORGANIZATION_CAP])
    return _ordered(*_node_union(every, live, limit), limit), len(rows) > ORGANIZATION_CAP


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
    rows = fetch(
        # Grouped: somebody may stand below several of the nodes that were found.
        f"SELECT contact_id FROM ({sql}) AS hits GROUP BY sort_key, contact_id"
        f" ORDER BY sort_key, contact_id LIMIT {int(limit) + 1}",
        parameters,
    )
    return [row[0] for row in rows]


def _like(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
