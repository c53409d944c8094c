"""The floor: a bare WSGI program that answers pages of the address book with the product's own SQL and nothing else.

It looks the session and the grants up, runs the queries of the page through psycopg, and formats the same HTML by
string. What is the same on every page of this person stands ready; bench/floor.py compares the answers.
"""

from __future__ import annotations

import json
import os
import secrets
import zlib
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import psycopg

from core.text import highlight_spans, mask_mobile

PLAN: dict[str, Any] = json.loads(Path(os.environ["FLOOR_PLAN"]).read_text(encoding="utf-8"))
DATABASE = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
SESSION = """
SELECT u.id, u.name, u.theme, u.language FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id
WHERE s.session_key = %s AND s.expire_date > now() AND u.is_active
"""
RIGHTS = """
SELECT n.id, n.path FROM orgs_node n WHERE n.id IN (
    SELECT content_object_id FROM orgs_nodeusergrant WHERE user_id = %(user)s
    UNION SELECT g.content_object_id FROM orgs_nodegroupgrant g JOIN accounts_user_groups m ON m.group_id = g.group_id
    WHERE m.user_id = %(user)s)
ORDER BY n.path COLLATE "C"
"""
GROUPS = "SELECT array_agg(group_id) FROM accounts_user_groups WHERE user_id = %s"


def rows_of(sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    return DATABASE.execute(sql.encode(), parameters).fetchall()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """One page of the address book."""
    cookie = environ.get("HTTP_COOKIE", "").partition("wl-session=")[2].partition(";")[0]
    user = rows_of(SESSION, [cookie])[0]
    groups = rows_of(GROUPS, [user[0]])[0][0] or []
    ranges, paths = minimal(rows_of(RIGHTS, {"user": user[0]}))
    mine = {"user": user[0], "groups": groups, "ranges": ranges, "paths": paths, "nodes_0": ranges}
    q = parse_qs(environ.get("QUERY_STRING", "")).get("q", [""])[0]
    if environ.get("HTTP_HX_TARGET") == "people":
        body = answer(PLAN["search" if q else "fragment"], mine, q)
    elif environ["PATH_INFO"] == PLAN["tree"]["path"]:
        body = [tree(PLAN["tree"], mine)]
    else:
        body = answer(PLAN["page"], mine, q)
    sent = "".join(body).encode()
    start_response(
        "200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(sent)))]
    )
    return [sent]


def minimal(nodes: list[tuple[Any, ...]]) -> tuple[list[int], list[str]]:
    ids: list[int] = []
    paths: list[str] = []
    for node_id, path in nodes:
        if not (paths and path.startswith(paths[-1])):
            ids.append(node_id)
            paths.append(path)
    return ids, paths


def answer(plan: dict[str, Any], mine: dict[str, Any], q: str) -> list[str]:
    """The pieces that stand ready with the rows, and on a whole page the tree, between them."""
    token = secrets.token_hex(32)
    found = rows_of(plan["ids"], plan["fixed"] | mine)
    ids = [row[-1] for row in found][:50]
    for sql in plan["beside"]:
        rows_of(sql, plan["fixed"] | mine)
    lines = people(ids, mine, plan, q)
    pieces = [piece.replace(PLAN["token"], token) for piece in plan["pieces"]]
    if "tree" in plan:
        return [pieces[0], tree(plan["tree"], mine), pieces[1], lines, pieces[2]]
    return [pieces[0], lines, pieces[1]]


def people(ids: list[int], mine: dict[str, Any], plan: dict[str, Any], q: str) -> str:
    contacts = {row[0]: row for row in rows_of(PLAN["contacts"], [ids])}
    spots: dict[int, tuple[Any, ...]] = {}
    for row in rows_of(PLAN["memberships"], mine | {"ids": ids}):
        known = row[8] and (row[3] or any(row[6].startswith(path) for path in mine["paths"]))
        if known and row[0] not in spots:
            spots[row[0]] = row
    wanted = {int(part) for row in spots.values() for part in row[6].split(".") if part}
    names = {row[0]: row[1:] for row in rows_of(PLAN["names"], {"ids": list(wanted)})}
    return "".join(person(contacts[pk], spots.get(pk), names, plan, q) for pk in ids)


def person(row: Any, spot: Any, names: dict[int, Any], plan: dict[str, Any], q: str) -> str:
    pk, name, position = row[0], row[1], escape((spot and spot[2]) or row[3])
    chain = [names[int(part)] for part in spot[6].split(".") if part] if spot else []
    path = " / ".join(one[0] for one in chain)
    organization = [one[0] for one in chain if one[1] != 2][-1:]
    line = escape(
        " · ".join(
            filter(None, [*organization, " / ".join(one[0] for one in chain if one[1] == 2)])
        )
    )
    dot = " · " if position else ""
    colour, letters = zlib.crc32(str(pk).encode()) % 8, escape(name[-2:])
    if q:
        under, place = f"{position}{dot}{marked(path, q)}", ""
    else:
        under = f'{position}<span class="on-m">{dot}{line}</span>'
        place = f'<td role="cell" class="only-d"><span class="ell" title="{escape(path)}">{line}</span></td>'
    url = f"{plan['card']}{pk}"
    return (
        f'<tr role="row" data-row id="row-{pk}" hx-get="/contacts/{pk}/row/{plan["row"]}"'
        ' hx-trigger="refetch" hx-target="this" hx-swap="outerHTML" data-keep-focus>'
        f'<td role="cell"><div class="who"><span class="avatar av{colour}" aria-hidden="true">{letters}</span>'
        f'<div class="av-t"><b><a class="text-reset" href="{url}" data-open hx-get="{url}" hx-target="#card-slot"'
        f' hx-swap="innerHTML" hx-push-url="true" data-focus>{marked(name, q)}</a></b><small>{under}</small>'
        f'</div></div></td>{place}<td role="cell" class="num nowrap only-d">{mask_mobile(row[4])}</td>'
        f'<td role="cell">{PLAN["states"][row[6]]}</td></tr>\n'
    )


def marked(text: str, q: str) -> str:
    if not q:
        return escape(text)
    out, at = [], 0
    for start, end in highlight_spans(text, q):
        out += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
        at = end
    return "".join([*out, escape(text[at:])])


def tree(plan: dict[str, Any], mine: dict[str, Any]) -> str:
    """One level; the icons are pieces of the product's page."""
    rows = rows_of(plan["level"], plan["fixed"] | mine)
    first = 1 + plan["shift"]
    return "".join(
        f'<li role="none"><a class="tree-item lv{plan["depth"]}{"" if live else " off"}" role="treeitem" id="tn-{pk}"'
        f' href="/contacts/o/{pk}/" title="{escape(name)}" data-py="{key}" aria-level="{plan["depth"]}"'
        f' aria-posinset="{place}" aria-setsize="{len(rows) + plan["shift"]}" aria-selected="false"'
        + (f' aria-expanded="false" aria-owns="tg-{pk}"' if opens else "")
        + f' tabindex="-1" hx-get="/contacts/o/{pk}/" hx-target="#people" hx-push-url="true">'
        f'<span class="tw" aria-hidden="true">{PLAN["icons"]["opens"] if opens else ""}</span>'
        f'{PLAN["icons"][str(kind)]}<span class="t">{escape(name)}</span><span class="n">{count}</span></a>'
        + (
            f'<ul role="group" id="tg-{pk}" hx-get="/contacts/o/{pk}/children/" hx-trigger="expand once"'
            ' hx-target="this" hx-swap="innerHTML" data-quiet></ul>'
            if opens
            else ""
        )
        + "</li>"
        for place, (pk, _parent, name, kind, key, live, count, opens) in enumerate(rows, first)
    )
