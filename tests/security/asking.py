"""Every address that shows something, with the objects of everybody, as one of the roles.

DEEP: each object at each address; else one of STEP, other ones at the next address, and always the role's own.
"""

import os
import zlib
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.matrix.routes import Row, rows
from tests.matrix.world import SEATS, Matrix

# Kinds whose keys fit the same addresses.
FAMILIES = (
    ("contact", "open_contact", "applied_contact", "disabled_contact", "binned_contact"),
    ("node", "dimension", "organization", "department", "empty_department"),
    ("dimension", "organization", "empty_dimension"),
    ("external_user", "staff"),
)
FRAGMENT = {"HX-Request": "true"}
DEEP = bool(os.environ.get("DEEP"))
STEP = 1 if DEEP else 4


def family(kind: str) -> tuple[str, ...]:
    """Kinds that may stand in the place of `kind`, itself first."""
    others = {other for members in FAMILIES if members[0] == kind for other in members}
    return (kind, *sorted(others - {kind}))


def values(kind: str, matrix: Matrix) -> list[Any]:
    """All keys of a kind and its family, of every role, inside and outside."""
    found: list[Any] = []
    for one in family(kind):
        for side in (matrix.inside, matrix.outside):
            found += [side[one][role] for role in SEATS]
    return [key for key in dict.fromkeys(found) if key is not None and not callable(key)]


def own(kind: str, matrix: Matrix, role: str) -> list[Any]:
    """What a role has of a kind, inside and outside."""
    return [matrix.inside[kind][role], matrix.outside[kind][role]]


def showing() -> list[Row]:
    """One row for each address that answers GET."""
    known = {row.name: row for row in reversed(rows()) if row.method == "GET"}
    return [known[name] for name in sorted(known)]


def addresses(row: Row, matrix: Matrix, role: str = "") -> Iterator[str]:
    """The address with each object that may stand there; where a role finds nothing or everything, one of each side."""
    kinds = [arg for arg in row.args if not arg.startswith("=")]
    several = values(kinds[0], matrix) if kinds else [None]
    if kinds and role and (row.cell(role) in ("4", "L") or role == "GM"):
        several = own(kinds[0], matrix, role)
    elif kinds and role:
        start = zlib.crc32(row.name.encode()) % STEP
        several = list(dict.fromkeys([*own(kinds[0], matrix, role), *several[start::STEP]]))
    for value in several:
        args: list[Any] = []
        for arg in row.args:
            if arg.startswith("="):
                args.append(arg[1:])
            elif arg == kinds[0]:
                args.append(value)
            else:
                args.append(matrix.inside[arg]["SA"])
        yield reverse(row.name, args=args) + (f"?{row.query}" if row.query else "")


def doors(matrix: Matrix) -> Iterator[str]:
    """Addresses that name an object in their query: side doors to what the path does not name (SECURITY T04)."""
    contacts, nodes = values("contact", matrix), values("node", matrix)
    for pk in contacts:
        yield from (
            f"{reverse('contacts:index')}?c={pk}&tab={tab}"
            for tab in ("basic", "rights", "account", "history")
        )
    by_node = {
        "contacts:new": "node", "orgs:home": "dimension", "orgs:search": "q=zz&at", "contacts:import-new": "dimension",
        "orgs:node-picker": "without", "contacts:node-counts": "ids",
    }  # fmt: skip
    for pk in nodes:
        yield from (f"{reverse(name)}?{key}={pk}" for name, key in by_node.items())
        for purpose in ("maintain", "create"):
            yield f"{reverse('orgs:node-picker-results')}?purpose={purpose}&under={pk}"
            yield f"{reverse('orgs:node-picker-results')}?purpose={purpose}&dimension={pk}&q=zu"


def clients(matrix: Matrix) -> dict[str, Client]:
    """A session of each role."""
    return {role: matrix.session(role, Client(raise_request_exception=False)) for role in SEATS}


def get(client: Client, address: str, *, fragment: bool = False) -> HttpResponse:
    """The answer; what it changed is undone."""
    with transaction.atomic():
        headers = (
            {**FRAGMENT, "HX-Target": "card-slot"}
            if fragment and "?c=" in address
            else FRAGMENT
            if fragment
            else {}
        )
        response: HttpResponse = client.get(address, headers=headers)
        transaction.set_rollback(True)
    return response


def text_of(response: HttpResponse) -> str:
    """Everything that leaves the server: headers and body."""
    headers = "\n".join(f"{key}: {value}" for key, value in response.headers.items())
    body = b"".join(response) if response.streaming else response.content
    return f"{headers}\n\n{body.decode('utf-8', 'replace')}"
