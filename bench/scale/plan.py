"""What the benches ask: pages of each kind of viewer; for the floor the product's SQL and pieces of its HTML."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.urls import reverse

from accounts.models import User
from accounts.sessions import SessionStore
from bench.scale import load
from contacts.models import Contact
from contacts.permissions import Viewer, viewer_of
from contacts.search import search
from contacts.selectors import lists, tree
from core.templatetags.ui import icon, tag
from core.vocabulary import WORDS
from orgs.models import Node
from orgs.vocabulary import ICONS

Q = "wang"
BODY = ('<tbody role="rowgroup">', "</tbody>")
PER_REQUEST = ("user", "groups", "ranges", "paths", "nodes_0", "ids")


def session_of(user: User) -> str:
    """The key of a new session of this person, as a log-in leaves it."""
    store = SessionStore()
    store["_auth_user_id"], store["_auth_user_backend"] = (
        str(user.pk),
        "accounts.backends.LoginBackend",
    )
    store["_auth_user_hash"] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


def pages(viewers: dict[str, int]) -> dict[str, dict[str, load.Page]]:
    """Kind of viewer → name of a page → how to ask for it."""
    found = {}
    for kind, pk in viewers.items():
        user = User.objects.get(pk=pk)
        viewer, session, index = viewer_of(user), session_of(user), reverse("contacts:index")
        node = open_node(viewer)
        level = reverse("contacts:children", args=[node.dimension_id])
        one = reverse("contacts:node", args=[node.pk])
        found[kind] = {
            "fragment": load.Page(index, session, "people"), "page": load.Page(index, session),
            "node": load.Page(one, session), "tree": load.Page(level, session, f"tg-{node.dimension_id}"),
            "search": load.Page(f"{index}?q={Q}", session, "people"),
        }  # fmt: skip
    return found


def open_node(viewer: Viewer) -> Node:
    """A node on whose way levels are opened: of the dimension in which the viewer has most ranges."""
    ids = viewer.scope.ranges or viewer.scope.maintained
    nodes = list(Node.objects.filter(pk__in=ids) if ids else Node.objects.filter(builtin=True))
    by_dimension: dict[int, list[Node]] = {}
    for node in nodes:
        by_dimension.setdefault(node.dimension_id, []).append(node)
    return max(by_dimension.values(), key=lambda found: (len(found), -found[0].pk))[0]


def recorded(act: Callable[[], Any]) -> list[tuple[str, Any]]:
    """SQL and parameters of every query of `act`."""
    found: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        found.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        act()
    return found


def fixed(*queries: tuple[str, Any]) -> dict[str, Any]:
    """The parameters that a request does not change."""
    every: dict[str, Any] = {}
    for _sql, parameters in queries:
        every |= parameters if isinstance(parameters, dict) else {}
    return {name: value for name, value in every.items() if name not in PER_REQUEST}


def floor(port: int, mine: dict[str, load.Page]) -> dict[str, Any]:
    """Everything bench/scale/floor_app.py needs."""
    key = mine["page"].session
    user = User.objects.get(pk=SessionStore(key)["_auth_user_id"])
    viewer = viewer_of(user)
    (ids,) = recorded(lambda: Contact.objects.page_for(viewer))
    (count,) = recorded(lambda: Contact.objects.count_for(viewer))
    (hits,) = recorded(lambda: search(viewer, Q, limit=50))
    read = recorded(lambda: lists.rows(viewer, Contact.objects.page_for(viewer).ids))[1:4]
    common = {"beside": [count[0]], "fixed": fixed(ids, count), "ids": ids[0]}
    dimension = Node.objects.get(pk=int(mine["tree"].url.strip("/").split("/")[-2]))
    roots = level(recorded(lambda: tree.tree_level(viewer, None, limit=tree.ROOTS_SHOWN))[0], 1, 1)
    icons = {str(int(kind)): str(icon(name, "k")) for kind, name in ICONS.items()}
    plan = {
        "contacts": read[0][0], "memberships": read[1][0], "names": read[2][0],
        "states": {state: str(tag("account", state)) for state in WORDS["account"]},
        "icons": icons | {"opens": str(icon("chevron-right"))},
        "token": "CSRFTOKEN", "fragment": common | row(with_place=True),
        "page": common | row(with_place=True) | {"tree": roots},
        "search": {"beside": [], "fixed": fixed(hits), "ids": hits[0]} | row(with_place=False),
        "tree": level(recorded(lambda: tree.tree_level(viewer, dimension))[0], 2, 0) | {"path": mine["tree"].url},
    }  # fmt: skip
    for name in ("fragment", "page", "search"):
        plan[name]["pieces"] = pieces(load.ask(port, mine[name]), with_tree=name == "page")
    return plan


def level(query: tuple[str, Any], depth: int, shift: int) -> dict[str, Any]:
    """The query of one level, how deep it stands, and how many lines stand before its first."""
    return {"level": query[0], "fixed": fixed(query), "depth": depth, "shift": shift}


def row(*, with_place: bool) -> dict[str, str]:
    """The addresses in a row."""
    if with_place:
        return {"card": "/contacts/?c=", "row": "?at=&amp;place=1"}
    return {"card": f"/contacts/?q={Q}&amp;c=", "row": f"?at=&amp;q={Q}"}


def pieces(html: str, *, with_tree: bool) -> list[str]:
    """The HTML around the rows, and on a whole page around the lines of the tree below the first."""
    html = load.TOKENS.sub("CSRFTOKEN", html)
    before, after = html.split(BODY[0])[0] + BODY[0], BODY[1] + html.split(BODY[1], 1)[1]
    if not with_tree:
        return [before, after]
    start = before.index("</li>", before.index('id="tn-all"')) + len("</li>")
    end = before.rindex("</ul>", start, before.index('id="list"'))
    return [before[:start], before[end:], after]
